// A receipt's own script: the reader's own time behind each moment, and the button that prints.

import { tellHere } from "./here.js";

tellHere(document);

const print = document.getElementById("print");
print?.addEventListener("click", () => window.print());
print?.removeAttribute("hidden");

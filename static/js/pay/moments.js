// A page of which nothing moves: the reader's own time behind each moment.

import { tellHere } from "./here.js";

tellHere(document);

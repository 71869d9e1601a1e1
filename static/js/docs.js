// The docs' comforts: a copy button, one language chosen for all examples, "/" for the search. All else works without.

const REMEMBERED = "docs-language";

function choose(language) {
  for (const radio of document.querySelectorAll(`.langs [value="${CSS.escape(language)}"]`)) radio.checked = true;
}

function shownIn(example) {
  return [...example.querySelectorAll("pre")].find((each) => each.offsetParent);
}

for (const example of document.querySelectorAll(".code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(shownIn(example).textContent);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  (example.querySelector("header") ?? example).append(button);
}

document.addEventListener("change", (event) => {
  if (!event.target.name?.startsWith("lang-")) return;
  choose(event.target.value);
  localStorage.setItem(REMEMBERED, event.target.value);
});

const remembered = localStorage.getItem(REMEMBERED);
if (remembered) choose(remembered);

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey;
  if (event.key !== "/" || isTyping) return;
  event.preventDefault();
  document.getElementById("q").focus();
});

// Where something is away for a moment: asks again by itself, and says so. Without this script a link does it.

const link = document.querySelector("[data-again]");

if (link) {
  document.querySelector("[data-again-said]").hidden = false;
  setTimeout(() => location.replace(link.href), Number(link.dataset.again) * 1000);
}

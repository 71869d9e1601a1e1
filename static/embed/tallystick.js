// Tallystick: shows a payment in a window over your page, or inside it.
//
//   <script src="https://pay.example/tallystick.js" defer></script>
//   <a data-tallystick href="https://pay.example/pay/…">Pay with crypto</a>
//
//   Tallystick.open({ url, onPaid({ session, successUrl }) { … }, onExpired() { … }, onClosed() { … } });
//   Tallystick.mount(element, { url, onPaid() { … } });
//
// Each result is an event `tallystick` as well: on the link, else on the document, with `detail.type`. It is told for
// the buyer's eyes: hand out goods when your server has the webhook. Where the page may not stand in a frame (name your
// origin in the dashboard, under Embedding), or where nothing of ours answers in the frame any more though it is loaded
// again, the buyer is led to it instead.
(() => {
  const home = new URL(document.currentScript.src).origin;
  const LOADING_MS = 10_000; // how long the page may take to come at all
  const ANSWER_MS = 2_000; // how long a page that has come may take to answer, each that the frame goes on to
  const RESULTS = { ready: "onReady", paid: "onPaid", expired: "onExpired", closed: "onClosed" };
  const LOOK = `
    dialog { inline-size: min(27rem, 100%); max-inline-size: none; margin: auto; padding: 0; border: 0; background: none; overflow: visible; }
    dialog::backdrop { background: rgb(15 17 21 / .55); }
    iframe { display: block; inline-size: 100%; block-size: min(48rem, 100dvh - 2rem); border: 0; border-radius: 1.25rem; background: Canvas; box-shadow: 0 24px 64px rgb(0 0 0 / .35); }
    button { position: absolute; inset-block-start: 0; inset-inline-start: calc(100% + .5rem); inline-size: 2.75rem; block-size: 2.75rem; border: 1px solid; border-radius: 50%; padding: 0; background: #fff; color: #16181d; font: 1.5rem/1 system-ui; cursor: pointer; }
    @media (max-width: 33rem) {
      dialog { inline-size: 100%; margin-block: auto 0; }
      iframe { block-size: calc(100dvh - 3.5rem); border-radius: 1.25rem 1.25rem 0 0; }
      button { inset-block-start: -3.125rem; inset-inline: auto .5rem; }
    }`;

  /** The frame with the payment. `hears` has what to do by the kind of message, and `refused` when none comes. */
  function frameOf(options, hears) {
    const page = new URL(options.url, location.href);
    if (!/^https?:$/.test(page.protocol)) throw new TypeError("Tallystick: `url` must be a payment page's address.");
    const frame = document.createElement("iframe");
    frame.src = page.href;
    frame.title = options.label ?? "Payment";
    frame.allow = "clipboard-write";
    let last = { session: null, status: null };
    let here = page.href; // what the frame shows: a payment link's buyer has gone on to a payment of their own
    let timer = setTimeout(stop, LOADING_MS);
    let tries = 1; // how often it is loaded anew when nothing answers: our database may just be restarted

    function tell(type, more = {}) {
      const result = { type, ...last, ...more };
      options[RESULTS[type]]?.(result);
      (options.from ?? document).dispatchEvent(new CustomEvent("tallystick", { bubbles: true, detail: result }));
    }

    const told = new Set(["resize", "closed"]); // what is told once, and these two by others
    function hear({ source, origin, data }) {
      if (source !== frame.contentWindow || origin !== page.origin || !data?.tallystick) return;
      const { tallystick: type, session, status, url, ...more } = data;
      clearTimeout(timer);
      tries = 2; // it may stand here
      const to = new URL(url ?? here, page);
      if (to.origin === page.origin) here = to.href; // no script's address
      last = { session, status };
      hears[type]?.(more);
      if (told.has(type) || !(type in RESULTS)) return;
      told.add(type);
      tell(type, more);
    }

    function anew() {
      if (!tries--) return stop();
      frame.src = here;
      timer = setTimeout(stop, LOADING_MS);
    }

    function stop() {
      end();
      hears.refused(here);
    }

    function end() {
      clearTimeout(timer);
      removeEventListener("message", hear);
      frame.onload = null;
    }

    addEventListener("message", hear);
    frame.onload = () => {
      frame.contentWindow.postMessage({ tallystick: "hello" }, page.origin);
      clearTimeout(timer);
      timer = setTimeout(anew, ANSWER_MS);
    };
    return { frame, tell, end };
  }

  /** Opens the payment over the page. Closing it keeps the payment: the same URL shows it again. */
  function open(options) {
    const host = document.createElement("div");
    const dialog = document.createElement("dialog");
    const button = document.createElement("button");
    const shown = frameOf(options, {
      ready({ title, close }) {
        dialog.ariaLabel = shown.frame.title = title;
        button.ariaLabel = close;
      },
      closed: () => dialog.close(),
      refused: (url) => location.assign(url),
    });
    const root = document.documentElement;
    const { overflow } = root.style;
    try {
      const look = new CSSStyleSheet();
      look.replaceSync(LOOK);
      const shadow = host.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [look];
      button.textContent = "×";
      button.ariaLabel = "Close";
      button.addEventListener("click", () => dialog.close());
      dialog.ariaLabel = shown.frame.title;
      dialog.addEventListener("close", () => {
        root.style.overflow = overflow;
        shown.end();
        host.remove();
        shown.tell("closed");
      });
      dialog.append(shown.frame, button);
      shadow.append(dialog);
      document.body.append(host);
      dialog.showModal(); // keeps the focus inside, closes on Escape, and gives the focus back
      root.style.overflow = "hidden";
      shown.frame.focus();
    } catch {
      shown.end(); // an old browser
      location.assign(options.url);
    }
    return { close: () => dialog.close() };
  }

  /** Shows the payment inside an element, as high as it is. */
  function mount(element, options) {
    const shown = frameOf(options, {
      ready: ({ title }) => { shown.frame.title = title; },
      resize: ({ height }) => { shown.frame.style.blockSize = `${Number(height)}px`; },
      refused(url) {
        const link = document.createElement("a");
        link.href = url;
        link.textContent = options.label ?? "Payment";
        element.replaceChildren(link);
      },
    });
    shown.frame.style.cssText = "display: block; inline-size: 100%; max-inline-size: 100%; border: 0; block-size: 48rem";
    element.replaceChildren(shown.frame);
    return { close() { shown.end(); shown.frame.remove(); shown.tell("closed"); } };
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-tallystick]");
    const asksForMore = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    // Where a shop lets others write links, none of theirs opens a page of theirs over the shop.
    if (!link || asksForMore || event.defaultPrevented || link.origin !== home) return;
    event.preventDefault();
    open({ url: link.href, from: link });
  });

  window.Tallystick = { open, mount };
})();

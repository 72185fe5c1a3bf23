// Keeps a page live: asks for its changing part every two seconds and puts it in place when it differs.
"use strict";

const live = document.querySelector("[data-live]");

if (live) {
  const every = 2000;
  let seen = live.dataset.tag || "";

  async function refresh() {
    if (!document.hidden) {
      try {
        const answer = await fetch(live.dataset.live, { headers: { "if-none-match": seen }, cache: "no-store" });
        if (answer.status === 200) {
          seen = answer.headers.get("etag") || "";
          replace(await answer.text());
        } else if (answer.status === 401) {
          location.reload();
          return;
        }
        live.dataset.stale = answer.ok || answer.status === 304 ? "" : "yes";
      } catch {
        live.dataset.stale = "yes";
      }
    }
    setTimeout(refresh, every);
  }

  function replace(html) {
    const open = new Set([...live.querySelectorAll("details[open]")].map((d) => d.id));
    const focused = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
    live.innerHTML = html;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
  }

  setTimeout(refresh, every);
}

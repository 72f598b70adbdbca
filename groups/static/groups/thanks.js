/* "Merci" and "Garder" without leaving the place. Without script the form is sent, and the page
   comes back at the card: _actions.html. */
(() => {
  "use strict";
  const QUICK = /\/(merci|garder)$/;

  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (!form.matches(".actions-form") || !button || form.dataset.plain) return;
    const url = new URL(button.getAttribute("formaction") || form.action, location.href);
    if (!QUICK.test(url.pathname)) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    const data = new FormData(form);
    data.set(button.name, button.value);
    const place = [...form.querySelectorAll("button")].indexOf(button);
    try {
      const answer = await fetch(url, {
        method: "POST", body: data, credentials: "same-origin",
        headers: { Accept: "text/html", "X-Fragment": "actions" },
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const box = document.createElement("template");
      box.innerHTML = await answer.text();
      const renewed = box.content.querySelector("form");
      const hadFocus = form.contains(document.activeElement);
      form.replaceWith(renewed);
      if (hadFocus) renewed.querySelectorAll("button")[place].focus({ preventScroll: true });
    } catch {
      // As without script: the page that answers says what is wrong.
      form.removeAttribute("aria-busy");
      form.dataset.plain = "1";
      button.click();
    }
  });
})();

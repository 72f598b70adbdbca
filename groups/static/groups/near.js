/* "Près d'où je suis": the position is asked for on a click alone, rounded to about 100 m, and
   goes into the form's own field. Without script, or refused, one writes a place. */
(() => {
  "use strict";
  const line = document.querySelector("[data-near]");
  if (!line || !navigator.geolocation || !window.isSecureContext) return;
  const note = line.querySelector("[data-refused]"), form = line.closest("form");
  line.hidden = false;
  line.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.pres.value = `${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`;
        form.requestSubmit();
      },
      () => { note.textContent = note.dataset.refused; },
      { timeout: 15000, maximumAge: 300000 },
    );
  });
})();

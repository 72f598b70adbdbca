/* The composer, quickened. Each thing has its way without script: _picker.html, _composer.html. */
(function () {
  "use strict";

  const QUIET_MS = 2000;
  const all = (root, what) => Array.from(root.querySelectorAll(what));

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  function rest(form) {
    form.classList.remove("is-sending");
    all(form, "[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }

  function send(url, form, fields, answer, progress) {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    Object.keys(fields).forEach((name) => {
      [].concat(fields[name]).forEach((value) => data.append(name, value));
    });
    request.open("POST", url);
    request.setRequestHeader("X-Fragment", "picture");
    request.setRequestHeader("Accept", fields.place ? "application/json" : "text/html");
    if (progress) request.upload.onprogress = progress;
    request.onloadend = () => answer(request);
    request.send(data);
  }

  /* --- Pictures --- */

  function pictures(form, picker) {
    const word = (name) => picker.dataset["word" + name];
    const list = picker.querySelector("[data-picker-list]");
    const status = picker.querySelector("[data-picker-status]");
    const queue = [];
    let sending = 0;
    let waiting = null;

    const input = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
    const add = make("button", { type: "button", className: "plain" });
    const plain = picker.querySelector("[data-picker-plain]");
    if (plain) {
      add.append(plain.querySelector("summary svg"));
      plain.remove();
    }
    add.append(word("Add"));
    list.after(add);
    add.after(input);

    const say = (sentence) => { status.textContent = sentence; };
    const places = () => picker.dataset.most - list.children.length;
    const look = () => { add.hidden = places() < 1; };

    function take(files) {
      const photos = Array.from(files).filter((file) => /^image\//.test(file.type));
      photos.forEach((file) => {
        if (places() < 1) return say(word("Full"));
        if (file.size > picker.dataset.mostBytes) return say(word("Heavy"));
        queue.push({ file: file, item: shown(file) });
      });
      look();
      next();
    }

    function shown(file) {
      const item = make("li", { className: "picker-item" });
      const src = URL.createObjectURL(file);
      const image = make("img", { className: "picker-thumb", alt: "", src: src });
      image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
      const bar = make("progress", { max: 100, value: 0 });
      bar.setAttribute("aria-label", word("Sending"));
      item.append(image, bar);
      list.append(item);
      return item;
    }

    // One by one: on a slow line the first is there sooner.
    function next() {
      if (sending || !queue.length) return;
      const { file, item } = queue.shift();
      const bar = item.querySelector("progress");
      sending = 1;
      say(word("Sending") + " 0 %");
      send(picker.dataset.url, form, { photo: file }, (request) => {
        sending = 0;
        if (request.status === 201) kept(item, request.responseText);
        else refused(item, request);
        look();
        next();
        if (!sending) go();
      }, (event) => {
        const part = event.lengthComputable ? Math.round(100 * event.loaded / event.total) : 0;
        if (part >= 50 && bar.value < 50) say(word("Half"));
        bar.value = part;
      });
    }

    function kept(item, markup) {
      const box = document.createElement("template");
      box.innerHTML = markup;
      item.replaceWith(box.content.firstElementChild);
      form.dispatchEvent(new Event("input"));
      say(word("Kept") + " 100 %");
    }

    function refused(item, request) {
      item.remove();
      waiting = null;
      rest(form);
      const kind = request.getResponseHeader("Content-Type") || "";
      say(request.status === 422 && /plain/.test(kind) ? request.responseText : word("Failed"));
    }

    function remove(button) {
      const gone = (request) => {
        if (request && ![204, 404].includes(request.status)) return say(word("Failed"));
        button.closest(".picker-item").remove();
        look();
        say(word("Removed"));
        add.focus();
      };
      // A published one goes when the change is saved.
      if (button.hasAttribute("data-published")) return gone();
      send(picker.dataset.url + "/" + button.value, form, { remove: 1 }, gone);
    }

    // Whoever publishes while a picture leaves waits for it.
    function go() {
      if (!waiting) return;
      const button = waiting;
      waiting = null;
      button.click();
    }

    add.onclick = () => input.click();
    input.onchange = () => { take(input.files); input.value = ""; };
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[name=remove_picture]");
      if (!button) return;
      event.preventDefault();
      remove(button);
    });
    ["dragenter", "dragover"].forEach((name) => form.addEventListener(name, (event) => {
      if (!Array.from(event.dataTransfer.types).includes("Files")) return;
      event.preventDefault();
      form.classList.add("is-dropping");
    }));
    ["dragleave", "drop"].forEach((name) => form.addEventListener(name, (event) => {
      if (name === "dragleave" && form.contains(event.relatedTarget)) return;
      form.classList.remove("is-dropping");
      if (name === "dragleave" || !event.dataTransfer.files.length) return;
      event.preventDefault();
      take(event.dataTransfer.files);
    }));
    form.addEventListener("paste", (event) => {
      if (event.clipboardData && event.clipboardData.files.length) take(event.clipboardData.files);
    });
    look();

    return (button) => {
      if (!sending && !queue.length) return false;
      waiting = button;
      say(word("Sending"));
      return true;
    };
  }

  /* --- Drafts --- */

  function drafts(form) {
    const status = form.querySelector("[data-draft-status]");
    const words = form.elements.source;
    const place = form.elements.place;
    if (!status || !words || !place) return () => {};
    const spoken = form.querySelector("[data-word-saved]");
    const sentence = spoken ? spoken.dataset.wordSaved : "{hour}:{minute}";
    /* All that is chosen besides the words, the descriptions of pictures included. */
    function typed() {
      const fields = { place: place.value, source: words.value };
      const level = form.querySelector("[name=level]:checked");
      fields.level = level ? level.value : "";
      if (form.elements.speaker) fields.speaker = form.elements.speaker.value;
      all(form, "[name=picture]").forEach((one) => {
        fields.picture = (fields.picture || []).concat(one.value);
        const said = form.elements["description-" + one.value];
        if (said) fields[said.name] = said.value;
      });
      return fields;
    }
    let saved = JSON.stringify(typed());
    let timer = 0;
    let stopped = false;

    function save() {
      clearTimeout(timer);
      const fields = typed();
      const kept = JSON.stringify(fields);
      if (stopped || kept === saved) return;
      send(form.dataset.draftUrl, form, fields, (request) => {
        if (request.status < 200 || request.status > 204) return;
        saved = kept;
        const now = new Date();
        status.textContent = sentence.replace("{hour}", now.getHours())
          .replace("{minute}", String(now.getMinutes()).padStart(2, "0"));
      });
    }

    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, QUIET_MS);
    });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    return () => { stopped = true; clearTimeout(timer); };
  }

  /* --- One press is one message --- */

  function once(form, held, stop) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter || form.querySelector(".button-ink");
      if (form.classList.contains("is-sending")) return event.preventDefault();
      if (button) button.setAttribute("aria-busy", "true");
      if (held(button)) return event.preventDefault();
      form.classList.add("is-sending");
      stop();
    });
    // Back from the next page the composer works again.
    window.addEventListener("pageshow", () => rest(form));
  }

  all(document, "form[data-composer]").forEach((form) => {
    const picker = form.querySelector("[data-picker]");
    once(form, picker ? pictures(form, picker) : () => false, drafts(form));
  });
})();

"use strict";
// Searching, filtering, unfolding and printing. Each claim waits as text in its <noscript>, which a browser that runs
// this doesn't parse, and one that doesn't run it shows. Its row becomes part of the page when it comes near or when
// there is time, what the row unfolds to when it is unfolded. All of it was escaped when it was written, and the
// page's Content-Security-Policy lets nothing in it run.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  document.documentElement.classList.add("js");
  if (!form) return;

  const SUMMARY_END = "</summary>";
  const groups = [];
  const rows = [];
  const rowOf = new Map();
  const chunkOf = new Map();
  for (const element of document.querySelectorAll("[data-part]")) {
    const tally = element.querySelector(".tally");
    const group = { element, file: element.closest("[data-file]"), name: element.dataset.part, chunks: [], tally, count: tally.textContent };
    for (const list of element.querySelectorAll(":scope > .claims")) {
      const chunk = { element: list, rows: [] };
      group.chunks.push(chunk);
      chunkOf.set(list, chunk);
      for (const item of list.children) {
        const first = item.firstElementChild;
        const isWaiting = first.localName === "noscript";
        const row = { element: item, details: isWaiting ? null : first, raw: isWaiting ? first.textContent : "", rest: "", group,
          provider: item.dataset.p, above: item.dataset.a ? item.dataset.a.split(" ") : [], edits: item.dataset.e ? item.dataset.e.split(" ") : [],
          amount: Math.round(Number(item.dataset.c) * 10000), text: "" };
        chunk.rows.push(row);
        rows.push(row);
        rowOf.set(item, row);
      }
    }
    groups.push(group);
  }

  const parsed = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };
  const build = (row) => {
    if (row.details) return;
    const cut = row.raw.indexOf(SUMMARY_END) + SUMMARY_END.length;
    row.rest = row.raw.slice(cut);
    row.element.replaceChildren(parsed(row.raw.slice(0, cut)));
    row.details = row.element.firstElementChild;
  };
  const complete = (row) => {
    build(row);
    if (row.rest) row.details.append(parsed(row.rest));
    row.rest = "";
  };
  const unfold = (row, open) => {
    if (open) complete(row);
    if (row.details) row.details.open = open;
  };
  document.addEventListener("toggle", (event) => {
    const row = event.target.open && rowOf.get(event.target.parentElement);
    if (row) complete(row);
  }, true);

  // Rows are built when they come near, and all of them when there is time: the browser's own search and screen
  // readers then find them, too.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        chunkOf.get(entry.target).rows.forEach(build);
        near.unobserve(entry.target);
      }
    }
  }, { rootMargin: "1500px" });
  for (const list of chunkOf.keys()) near.observe(list);

  // The text that is searched: the whole claim, its markup taken out, and what is told above of it.
  const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": "\"", "&#39;": "'" };
  const textsAbove = new Map();
  const textAbove = (id) => {
    if (!textsAbove.has(id)) textsAbove.set(id, byId(id).textContent.toLowerCase());
    return textsAbove.get(id);
  };
  const textOf = (row) => {
    if (!row.text) {
      row.text = (row.raw ? row.raw.replace(/<\/?mark>/g, "").replace(/<[^>]*>/g, " ")
        .replace(/&(?:amp|lt|gt|#34|#39);/g, (found) => ENTITIES[found]) : row.details.textContent).toLowerCase();
      for (const n of row.above) row.text += " " + textAbove("a" + row.group.file.dataset.file + "-" + n);
    }
    return row.text;
  };

  // When there is time: first the texts, so that the first search finds them ready, then the rows.
  let ready = 0;
  const later = window.requestIdleCallback || ((work) => setTimeout(() => work({ timeRemaining: () => 8 }), 30));
  const prepare = (deadline) => {
    while (ready < 2 * rows.length && deadline.timeRemaining() > 2) {
      (ready < rows.length ? textOf : build)(rows[ready++ % rows.length]);
    }
    if (ready < 2 * rows.length) later(prepare);
  };

  const controls = { find: byId("find"), edit: byId("edit"), provider: byId("provider"), file: byId("file") };
  const chosen = () => ({
    words: controls.find.value.toLowerCase().split(/\s+/).filter(Boolean),
    verdict: form.elements.verdict.value,
    edit: controls.edit ? controls.edit.value : "",
    provider: controls.provider ? controls.provider.value : "",
    file: controls.file ? controls.file.value : "",
  });
  // Amounts are whole numbers of hundredths of a cent: some charges are sent with more than two decimals.
  const dollars = (amount) => "$" + (amount / 10000).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
  const figure = (count) => count.toLocaleString("en-US");
  const claims = (count) => figure(count) + (count === 1 ? " claim" : " claims");
  const TITLES = { rejected: "rejected", review: "to review", accepted: "accepted" };
  let visible = rows;

  // What is told above the claims stays as long as it is about one of those that are shown.
  const aboves = [...document.querySelectorAll(".above")].map((element) => (
    { element, file: element.closest("[data-file]"), faults: [...element.querySelectorAll(".finding")] }));
  const showAbove = (selected, isPartial) => {
    for (const { element, file, faults } of aboves) {
      const wanted = new Set();
      for (const row of isPartial ? selected : []) if (row.group.file === file) for (const n of row.above) wanted.add(n);
      faults.forEach((fault, n) => { fault.hidden = isPartial && !wanted.has(String(n + 1)); });
      element.hidden = faults.every((fault) => fault.hidden);
    }
  };

  const fits = (row, want) => (!want.provider || row.provider === want.provider) &&
    (!want.edit || row.edits.includes(want.edit)) &&
    want.words.every((word) => textOf(row).includes(word));

  const apply = () => {
    const want = chosen();
    const isPartial = Boolean(want.words.length || want.verdict || want.edit || want.provider || want.file);
    const counts = {};
    const filesShown = new Set();
    let amount = 0;
    visible = [];
    for (const group of groups) {
      const isWanted = (!want.verdict || want.verdict === group.name) && (!want.file || want.file === group.file.dataset.file);
      let shown = 0;
      for (const chunk of isWanted ? group.chunks : []) {
        let left = 0;
        for (const row of chunk.rows) {
          const isShown = !isPartial || fits(row, want);
          if (row.element.hidden === isShown) row.element.hidden = !isShown;
          if (isShown) {
            left += 1;
            amount += row.amount;
            visible.push(row);
          }
        }
        chunk.element.hidden = !left;
        chunk.element.style.containIntrinsicBlockSize = "auto " + left * 2.7 + "rem";
        shown += left;
      }
      if (shown) filesShown.add(group.file);
      group.element.hidden = !shown;
      group.tally.textContent = isPartial ? figure(shown) + " of " + group.count : group.count;
      counts[group.name] = (counts[group.name] || 0) + shown;
    }
    for (const file of document.querySelectorAll("[data-file]")) file.hidden = isPartial && !filesShown.has(file);
    showAbove(visible, isPartial);
    document.body.classList.toggle("partial", isPartial);
    byId("shown").textContent = visible.length
      ? claims(visible.length) + (isPartial ? " of " + figure(rows.length) : "") + " shown, " + dollars(amount)
      : "No claim fits. Clear the filters, or search for less.";
    byId("print").textContent = "Print " + claims(visible.length);
    byId("print").disabled = byId("unfold").disabled = !visible.length;
    address(visible, counts, amount);
  };

  // The head of the letter: to whom, about what.
  const address = (selected, counts, amount) => {
    const isOne = new Set(selected.map((row) => row.provider)).size === 1;
    if (isOne) build(selected[0]);
    byId("letter-to").textContent = isOne ? selected[0].element.querySelector(".who").textContent : "\u00a0";
    const parts = Object.keys(TITLES).filter((name) => counts[name]).map((name) => figure(counts[name]) + " " + TITLES[name]);
    byId("letter-about").textContent = claims(selected.length) + ", " + dollars(amount) + (parts.length ? ": " + parts.join(", ") : "");
  };

  let timer = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.type === "search") timer = setTimeout(apply, 150);
    else apply();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    apply();
  });
  form.addEventListener("reset", () => setTimeout(apply));

  // Unfolding many: some at a time, so that the page stays alive.
  const button = byId("unfold");
  let turn = 0;
  button.addEventListener("click", () => {
    const open = button.textContent === "Unfold all";
    button.textContent = open ? "Fold all" : "Unfold all";
    const mine = ++turn;
    const todo = visible.slice();
    let n = 0;
    const some = () => {
      const until = performance.now() + 12;
      while (n < todo.length && performance.now() < until) unfold(todo[n++], open);
      if (n < todo.length && mine === turn) requestAnimationFrame(some);
    };
    some();
  });

  // On paper: what is shown, unfolded where there is something to say.
  let unfolded = [];
  let single = null;
  window.addEventListener("beforeprint", () => {
    const printed = single ? [single] : visible;
    printed.forEach(build);
    unfolded = printed.filter((row) => row.edits.length && !row.details.open || row === single);
    for (const row of unfolded) unfold(row, true);
    if (printed.length) printed[0].element.classList.add("lead");
  });
  window.addEventListener("afterprint", () => {
    for (const row of unfolded) if (row !== single) unfold(row, false);
    unfolded = [];
    for (const lead of document.querySelectorAll(".lead")) lead.classList.remove("lead");
    if (single) {
      single.element.classList.remove("single");
      document.body.classList.remove("one");
      single = null;
      apply();
    }
  });
  byId("print").addEventListener("click", () => window.print());

  document.addEventListener("click", (event) => {
    const target = event.target.closest("a[data-pick], .print-one, a[href^='#c']");
    if (!target) return;
    if (target.dataset.pick) {
      form.reset();
      form.elements.verdict.value = "rejected";
      if (controls[target.dataset.pick]) controls[target.dataset.pick].value = target.dataset.key;
      apply();
    } else if (target.localName === "button") {
      single = rowOf.get(target.closest("li[data-p]"));
      single.element.classList.add("single");
      document.body.classList.add("one");
      showAbove([single], true);
      address([single], { [single.group.name]: 1 }, single.amount);
      window.print();
    } else {
      reveal(target.hash);
    }
  });

  // A link to a claim shows it, whatever the filters say.
  const reveal = (hash) => {
    const row = /^#c\d+-\d+$/.test(hash) && rowOf.get(byId(hash.slice(1)));
    if (!row) return;
    if (row.element.hidden || row.element.parentElement.hidden || row.group.element.hidden) {
      form.reset();
      apply();
    }
    unfold(row, true);
    row.element.scrollIntoView();
    row.details.firstElementChild.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", () => reveal(location.hash));

  // What a link leads to isn't hidden by the filters, which stay in view where there is room.
  const leaveRoom = () => {
    const height = getComputedStyle(form).position === "sticky" ? form.offsetHeight : 0;
    document.documentElement.style.scrollPaddingTop = height + 16 + "px";
  };
  window.addEventListener("resize", leaveRoom);

  form.hidden = false;
  leaveRoom();
  apply();
  reveal(location.hash);
  later(prepare);
})();

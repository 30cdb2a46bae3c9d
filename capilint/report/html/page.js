"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const root = document.documentElement;

/* ---------------------------------------------------------------- elements */

/* An element; all text becomes text nodes, never markup. */
function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter(each => each !== null && each !== undefined && each !== ""));
  return node;
}

function button(className, action, ...children) {
  const node = make("button", className, ...children);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/* Text in which `this` is code. */
function withCode(text) {
  return text.split(/`([^`]+)`/).map((part, n) => n % 2 ? make("code", "", part) : part);
}

/* ---------------------------------------------------------------- what is shown */

const SETS = {reported: "Reported", known: "In the baseline", unchanged: "On unchanged lines",
  suppressed: "Suppressed"};
const SEVERITIES = ["error", "warning", "note"];
const GROUPS = ["file", "code", "function"];
const all = data.findings;
all.forEach((each, number) => {
  each.number = number;
  each.path = data.files[each.file].path;
  const reason = each.suppression ? each.suppression.reason : "";
  each.searched = [each.code, data.codes[each.code].name, each.message, each.path, each.function,
    each.resource, each.handle, reason].join("\n").toLowerCase();
});

const wanted = {set: "reported", severities: new Set(SEVERITIES), codes: new Set(), words: [],
  mendable: false, group: "file"};
if (all.some(each => each.set === "reported" && each.severity !== "note"))
  wanted.severities.delete("note");

let found = [];    /* the findings that the filters leave, in the order of the list */
let rows = [];     /* heads and findings with their places */
let height = 0;
let current = null;

const HEAD = 34, ITEM = 68;

function passes(each, without) {
  return each.set === wanted.set
    && (without === "severity" || wanted.severities.has(each.severity))
    && (without === "code" || !wanted.codes.size || wanted.codes.has(each.code))
    && (!wanted.mendable || each.diff)
    && wanted.words.every(word => each.searched.includes(word));
}

const TITLES = {
  file: each => each.path,
  code: each => `${each.code} ${data.codes[each.code].name}`,
  function: each => `${each.function} (${each.path})`,
};

/* Filter and group anew. Keeps the finding that is open, if it is still there. */
function refresh() {
  const groups = new Map();
  for (const each of all) {
    if (!passes(each)) continue;
    const title = TITLES[wanted.group](each);
    if (!groups.has(title)) groups.set(title, []);
    groups.get(title).push(each);
  }
  const titles = [...groups.keys()];
  if (wanted.group === "code") titles.sort();
  found = [], rows = [], height = 0;
  for (const title of titles) {
    const own = groups.get(title);
    rows.push({top: height, title, count: own.length});
    height += HEAD;
    for (const finding of own) {
      rows.push({top: height, finding, index: found.length});
      finding.index = found.length;
      found.push(finding);
      height += ITEM;
    }
  }
  $("rows").style.height = `${height}px`;
  $("count").textContent = `${plural(found.length, "finding")} in ${plural(new Set(found.map(
    each => each.file)).size, "file")}${found.length < all.length ? ` (of ${all.length.toLocaleString("en")})` : ""}`;
  chips();
  if (!current || !passes(current)) open(found[0] || null, false);
  else reveal(current);
  draw(true);
}

/* ---------------------------------------------------------------- filters */

function chip(label, count, pressed, action) {
  const node = button("chip", action, `${label} `, make("b", "", count.toLocaleString("en")));
  node.setAttribute("aria-pressed", String(pressed));
  return node;
}

function counted(key, without) {
  const counts = new Map();
  for (const each of all)
    if (passes(each, without)) counts.set(each[key], (counts.get(each[key]) || 0) + 1);
  return counts;
}

function toggle(set, value) {
  if (!set.delete(value)) set.add(value);
  refresh();
}

/* Put new chips in the place of the old ones; the one that has the focus keeps it. */
function put(id, chips) {
  const place = $(id);
  const at = [...place.children].indexOf(document.activeElement);
  place.replaceChildren(...chips);
  if (at >= 0 && place.children[at]) place.children[at].focus();
}

function chips() {
  const sets = new Map();
  for (const each of all) sets.set(each.set, (sets.get(each.set) || 0) + 1);
  put("sets", sets.size < 2 && sets.has("reported") ? [] : Object.keys(SETS).filter(
    name => sets.has(name) || name === "reported").map(name => chip(SETS[name],
    sets.get(name) || 0, wanted.set === name, () => { wanted.set = name; refresh(); })));
  const severities = counted("severity", "severity");
  put("severities", SEVERITIES.filter(name => all.some(each => each.severity === name)).map(
    name => chip(`${name}s`, severities.get(name) || 0, wanted.severities.has(name),
      () => toggle(wanted.severities, name))));
  const codes = counted("code", "code");
  const listed = Object.keys(data.codes).filter(code => codes.has(code) || wanted.codes.has(code));
  put("codes", listed.length < 2 && !wanted.codes.size ? [] : listed.map(code => {
    const node = chip(code, codes.get(code) || 0, wanted.codes.has(code),
      () => toggle(wanted.codes, code));
    node.title = data.codes[code].name;
    return node;
  }));
}

/* ---------------------------------------------------------------- list */

let drawn = "";

function rowAt(y) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].top <= y) low = middle + 1; else high = middle;
  }
  return Math.max(0, low - 1);
}

/* Make the rows in sight, and a few around them. */
function draw(anew) {
  const list = $("list");
  const first = Math.max(0, rowAt(list.scrollTop) - 6);
  const last = Math.min(rows.length, rowAt(list.scrollTop + (list.clientHeight || 800)) + 7);
  const key = `${first} ${last}`;
  if (!anew && key === drawn) return;
  drawn = key;
  $("rows").replaceChildren(...rows.slice(first, last).map(row => row.finding ? item(row) : head(row)));
  list.setAttribute("aria-activedescendant", current && $(`f${current.number}`) ? `f${current.number}` : "");
}

function head(row) {
  const cut = row.title.lastIndexOf("/") + 1; // a long path loses the end of its folder, not its name
  const title = make("span", "title", make("span", "", row.title.slice(0, cut)),
    make("span", "", row.title.slice(cut)));
  const node = make("div", "head", title, String(row.count));
  node.setAttribute("aria-hidden", "true");
  node.style.top = `${row.top}px`;
  return node;
}

function item(row) {
  const each = row.finding;
  const where = wanted.group === "file" ? `line ${each.line}` : `${each.path.split("/").pop()}:${each.line}`;
  const node = make("div", `item ${each.severity}`,
    make("div", "top", make("span", "code", each.code), make("span", "", each.severity),
      each.diff ? make("span", "tag", "edit") : null, make("span", "where", where)),
    make("div", "what", ...withCode(each.message)));
  node.id = `f${each.number}`;
  node.setAttribute("role", "option");
  node.setAttribute("aria-selected", String(each === current));
  node.setAttribute("aria-setsize", String(found.length));
  node.setAttribute("aria-posinset", String(row.index + 1));
  node.style.top = `${row.top}px`;
  node.addEventListener("click", () => { open(each, true); view("finding"); });
  return node;
}

function reveal(finding) {
  const list = $("list");
  const row = rows.find(each => each.finding === finding);
  if (!row) return;
  const above = rows[rows.indexOf(row) - 1];
  const top = above && above.title ? above.top : row.top;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (row.top + ITEM > list.scrollTop + list.clientHeight) list.scrollTop = row.top + ITEM - list.clientHeight;
}

/* Show a finding beside the list; `told` puts it into the address, too. */
function open(finding, told) {
  current = finding;
  const place = $("detail");
  place.replaceChildren(finding ? detail(finding, false) : nothing());
  place.scrollTop = 0;
  if (finding) {
    reveal(finding);
    if (told) history.replaceState(null, "", `#${finding.id}`);
  }
  draw(true);
}

function nothing() {
  if (all.some(each => each.set === "reported")) return make("p", "empty", "No finding passes these filters.");
  return make("p", "empty", `No findings in ${plural(data.seen, "file")}.`);
}

function view(name) {
  document.body.dataset.view = name;
  if (name === "finding" && matchMedia("screen and (max-width: 860px)").matches) { scrollTo(0, 0); $("detail").focus(); }
}

function move(by) {
  if (!found.length) return;
  const at = current && found[current.index] === current ? current.index : -1;
  open(found[Math.min(found.length - 1, Math.max(0, at + by))], true);
}

/* ---------------------------------------------------------------- one finding */

function detail(finding, printed) {
  const code = data.codes[finding.code];
  const node = make("article", `finding ${finding.severity}`);
  if (!printed) node.append(button("back", () => { view("list"); $("list").focus(); }, "\u2190 All findings"));
  node.append(
    make("div", "kind", make("span", `badge ${finding.severity}`, finding.severity),
      make("span", `code ${finding.severity}`, finding.code), make("span", "", code.name),
      code.cwe ? make("span", "", `CWE-${code.cwe}`) : null,
      finding.confirmed === undefined ? null : make("span", "tag",
        finding.confirmed === "calls" ? "calls confirmed by the runtime model"
          : `${finding.confirmed ? "" : "not "}confirmed by the runtime model`)),
    make("h2", "", ...withCode(finding.message)),
    make("p", "place", `${finding.path}:${finding.line}:${finding.column} in ${finding.function}`));
  if (finding.suppression) {
    const comment = finding.suppression;
    node.append(make("p", "advice quiet", make("b", "", "Suppressed"),
      ` by the comment in ${comment.path}, line ${comment.line}`,
      comment.reason ? `: ${comment.reason}` : ", without a reason"));
  }
  if (finding.help) node.append(make("p", "advice", make("b", "", "Help: "), ...withCode(finding.help)));
  for (const each of finding.diff || []) node.append(diff(each));
  node.append(make("h3", "", finding.steps.length ? "Path" : "Place"));
  const states = statesIn(finding.frames);
  if (states.length) node.append(legend(states, finding));
  for (const each of finding.frames) node.append(frame(each, finding, printed));
  if (finding.steps.length || finding.also) node.append(make("h3", "", "Steps"), outline(finding, node));
  node.append(about(code, finding));
  return node;
}

/* The states of a handle in the order of its life: what is beside the lines, what it means. */
const STATES = {
  "": ["", "not made yet"], given: ["given", "given: from elsewhere"],
  maybe: ["maybe", "maybe: made, but not looked at yet"], live: ["live", "live"],
  orphaned: ["orphaned", "orphaned: its owner is gone"],
  destroyed: ["destroyed", "destroyed or released"], lost: ["lost", "lost: out of reach"],
};

function statesIn(frames) {
  const seen = new Set();
  const look = each => {
    for (const [, , states] of each.passed || []) states.split(" ").forEach(state => seen.add(state));
    for (const call of each.calls || []) look(call.frame);
  };
  frames.forEach(look);
  return Object.keys(STATES).filter(state => seen.has(state));
}

function legend(states, finding) {
  const what = finding.handle || `the ${finding.resource}`;
  const node = make("ul", "legend", make("li", "", make("span", "", make("code", "", what), " is")));
  for (const state of states)
    node.append(make("li", "", make("span", `rail ${state || "none"}`), STATES[state][1]));
  return node;
}

function lineOf(file, number) {
  for (const [first, texts] of data.files[file].pieces)
    if (number >= first && number < first + texts.length) return texts[number - first];
  return null;
}

const FOLDED = 8;    /* lines that nothing is said of, from which on they are folded */

/* A function on the path: its lines, with the steps and the callees below theirs. */
function frame(drawn, finding, printed) {
  if (drawn.file < 0)    /* a destructor that nobody wrote has no lines, but what it calls may */
    return make("div", "", ...(drawn.calls || []).map(call => unfolded(call, finding, printed)));
  const node = make("section", "frame");
  const path = data.files[drawn.file].path;
  node.setAttribute("aria-label", `${drawn.name || finding.function} in ${path}`);
  node.append(make("div", "title", make("span", "fn", drawn.name || ""), make("span", "path", path)));
  const text = make("div", "text");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", `Source of ${path}`);
  node.append(text);
  const about = noted(drawn, finding);
  let said = null;
  for (const [first, last] of drawn.show || []) {
    if (text.childElementCount) text.append(make("div", "gap", "\u22ef"));
    for (let number = first; number <= last; number++) {
      let end = number;
      while (end <= last && !about.has(end)) end++;
      if (!printed && end - number > FOLDED) {
        const from = number + 2, to = end > last ? last : end - 3;
        for (; number < from; number++) text.append(line(drawn, number, undefined, said));
        text.append(fold(drawn, from, to));
        number = to;
        continue;
      }
      const what = about.get(number);
      text.append(line(drawn, number, what, said));
      if (what) {
        if (what.state !== undefined) said = what.state;
        text.append(...what.below.map(each => below(each(printed), what.state)));
      }
    }
  }
  if (!drawn.show) text.append(make("div", "gap", "The source is not at hand."));
  return node;
}

/* What stands below a line, beside the handle's state on it. */
function below(node, state) {
  const row = make("div", "below", node);
  if (state !== undefined) row.prepend(make("span", `rail ${state || "none"}`));
  return row;
}

/* What is said of the lines of a frame, by their numbers. */
function noted(drawn, finding) {
  const about = new Map();
  const at = number => {
    if (!about.has(number)) about.set(number, {state: undefined, marks: [], below: []});
    return about.get(number);
  };
  for (const [first, last, state] of drawn.passed || [])
    for (let number = first; number <= last; number++) {
      const states = state.split(" ");    /* of several rounds */
      at(number).state = states.pop();
      at(number).was = states;
    }
  for (const [number, begin, end, outcome, times] of drawn.marks || []) at(number).marks.push({begin, end, outcome, times});
  for (const number of drawn.steps || []) {
    const step = finding.steps[number];
    at(step.line).below.push(() => stepNode(step, number, finding));
  }
  if (drawn === finding.frames[0]) {
    for (const each of finding.also || [])
      if (each.file === drawn.file) {
        at(each.line).also = true;
        at(each.line).below.push(() => make("div", "step also", make("span", "n", "\u25e6"), make("span", "", each.text)));
      }
    if (!finding.steps.length) at(finding.line).below.push(
      () => make("div", "step last", make("span", "n", "!"), make("span", "", ...withCode(finding.message))));
  }
  for (const call of drawn.calls || []) at(call.line).below.unshift(printed => unfolded(call, finding, printed));
  return about;
}

function stepNode(step, number, finding) {
  const last = number === finding.steps.length - 1;
  const node = make("div", `step ${step.kind}${last ? " last" : ""}`,
    make("span", "n", make("span", "hidden", "step "), String(number + 1)), make("span", "", ...withCode(step.text)));
  node.dataset.step = number;
  node.tabIndex = -1;
  return node;
}

/* A call with the callee's lines in place. */
function unfolded(call, finding, printed) {
  const node = make("details", "call", make("summary", "", "in ", make("code", "", call.frame.name || "the callee")));
  const fill = () => { if (node.open && node.childElementCount === 1) node.append(frame(call.frame, finding, printed)); };
  node.addEventListener("toggle", fill);
  node.open = printed || call.open;
  fill();
  return node;
}

function fold(drawn, first, last) {
  const node = button("fold", () => {
    const lines = [];
    for (let number = first; number <= last; number++) lines.push(line(drawn, number, undefined, null));
    node.replaceWith(...lines);
  }, `\u22ef ${plural(last - first + 1, "line")}`);
  return node;
}

/* One line: the handle's state, the number, the text with what was decided in it. */
function line(drawn, number, what, said) {
  const text = lineOf(drawn.file, number) ?? "";
  const state = what ? what.state : undefined;
  const on = state !== undefined;
  const node = make("div", `line${on ? ` on ${state}` : drawn.whole ? " off" : ""}${what && what.also ? " also" : ""}`);
  const several = on && what.was.length > 0;
  const label = make("span", `state ${state || ""}${several ? " several" : ""}`, on && (several || state !== said) ? STATES[state][0] : "");
  if (on) label.prepend(...what.was.map(each => make("span", `was ${each}`, STATES[each][0])));
  if (on) label.append(make("span", `rail ${state || "none"}`));
  node.append(label, make("span", "no", String(number)), source(text, what ? what.marks : [], data.files[drawn.file].language));
  return node;
}

const YES = new Set(["true", "its condition is true", "fits", "another round", "caught"]);
const C_WORDS = "auto bool break case catch char class const continue default delete do double else enum extern false finally float for goto if inline int long namespace new nullptr private protected public register return short signed sizeof static struct switch template this throw true try typedef typename union unsigned using virtual void volatile while";
const PYTHON_WORDS = "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield";
const WORDS = {python: new Set(PYTHON_WORDS.split(" ")), c: new Set(C_WORDS.split(" "))};
const TOKENS = {
  c: /(\/\/.*|\/\*.*?(?:\*\/|$)|^\s*\*(?:\s.*|\/.*|)$)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(^\s*#\s*\w+)|([A-Za-z_]\w*)(\s*\()?|\d[\w.]*/g,
  python: /(#.*)|([rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))|(^\s*@[\w.]+)|([A-Za-z_]\w*)(\s*\()?|\d[\w.]*/g,
};

/* The stretches of a line with the class that each is shown in. */
function tokens(text, language) {
  const kind = language === "python" ? "python" : "c";
  const result = [];
  for (const match of text.matchAll(TOKENS[kind])) {
    const name = match[4];
    const className = match[1] !== undefined ? "c" : match[2] !== undefined ? "s" : match[3] !== undefined ? "m"
      : name === undefined ? "s" : WORDS[kind].has(name) ? "k" : match[5] ? "f" : "";
    if (className) result.push([match.index, match.index + (name || match[0]).length, className]);
  }
  return result;
}

function source(text, marks, language) {
  const node = make("span", "src");
  const parts = tokens(text, language);
  const emit = (parent, from, to) => {
    let at = from;
    for (const [begin, end, className] of parts) {
      const low = Math.max(begin, at), high = Math.min(end, to);
      if (low >= high) continue;
      parent.append(text.slice(at, low), make("span", className, text.slice(low, high)));
      at = high;
    }
    parent.append(text.slice(at, to));
  };
  let at = 0;
  for (const mark of [...marks].sort((one, other) => one.begin - other.begin || other.end - one.end)) {
    const way = YES.has(mark.outcome) ? "yes" : "no-way";
    if (mark.begin >= at && mark.end > mark.begin) {
      emit(node, at, mark.begin);
      const stretch = make("span", `cond ${way}`);
      emit(stretch, mark.begin, mark.end);
      node.append(stretch);
      at = mark.end;
    }
    node.append(make("span", `pill ${way}`, `${way === "yes" ? "\u2713" : "\u2717"} ${mark.outcome}${mark.times > 1 ? ` (${mark.times}\u00d7)` : ""}`));
  }
  emit(node, at, text.length);
  return node;
}

function diff(each) {
  const node = make("div", "diff", make("div", "title", each.path));
  const text = make("div", "text");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", `Edit of ${each.path}`);
  for (const [sign, number, content] of each.rows) {
    if (sign === "gap") { text.append(make("div", "gap", "\u22ef")); continue; }
    text.append(make("div", `line ${sign === "+" ? "add" : sign === "-" ? "cut" : ""}`,
      make("span", "no", number ? String(number) : ""), make("span", "sign", sign === "-" ? "\u2212" : sign),
      make("span", "src", content)));
  }
  node.append(text);
  return node;
}

function outline(finding, within) {
  const node = make("ol", "outline");
  finding.steps.forEach((step, number) => node.append(make("li", "", button("", () => go(within, number),
    make("span", "n", `${number + 1}.`), make("span", "", ...withCode(step.text)), at(step, finding)))));
  for (const each of finding.also || []) node.append(make("li", "", make("p", "also-place", each.text, " (", at(each, finding), ")")));
  return node;
}

function at(step, finding) {
  const path = step.file === finding.file ? "" : `${data.files[step.file].path}, `;
  return make("span", "at", `${path}line ${step.line}`);
}

function about(code, finding) {
  const node = make("details", "about", make("summary", "", `What ${finding.code} means`));
  for (const part of [code.does, code.bad])
    for (const each of part.split(/\n\s*\n/)) node.append(make("p", "", ...withCode(each.replace(/\s+/g, " "))));
  node.append(make("p", "", ...withCode(`All of it: \`capilint explain ${finding.code}\`.`)));
  return node;
}

/* ---------------------------------------------------------------- steps */

function go(within, number) {
  const target = within.querySelector(`[data-step="${number}"]`);
  if (!target) return;
  for (let node = target.closest("details"); node; node = node.parentElement.closest("details")) node.open = true;
  for (const each of within.querySelectorAll(".here")) each.classList.remove("here");
  target.classList.add("here");
  target.focus({preventScroll: true});
  target.scrollIntoView({block: "center", inline: "nearest"});
}

function step(by) {
  if (!current || !current.steps.length) return;
  const place = $("detail");
  view("finding");
  const here = place.querySelector(".here");
  const number = here ? Number(here.dataset.step) + by : by > 0 ? 0 : current.steps.length - 1;
  go(place, Math.min(current.steps.length - 1, Math.max(0, number)));
}

function openAll() {
  const place = $("detail");
  const folds = [...place.querySelectorAll(".fold")], calls = [...place.querySelectorAll("details")];
  const some = folds.length > 0 || calls.some(each => !each.open);
  folds.forEach(each => each.click());
  calls.forEach(each => { each.open = some; });
}

/* ---------------------------------------------------------------- theme, keys, print */

const THEMES = ["system", "light", "dark"];
let theme = "system";
try { theme = localStorage.getItem("capilint-theme") || theme; } catch { /* not for files here */ }

function paint(name) {
  theme = THEMES.includes(name) ? name : "system";
  if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
  $("theme").textContent = {system: "\u25d0 System", light: "\u2600 Light", dark: "\u263e Dark"}[theme];
  $("theme").setAttribute("aria-label", `Theme: ${theme}. Change it.`);
}

function nextTheme() {
  paint(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  try { localStorage.setItem("capilint-theme", theme); } catch { /* it lasts for this visit */ }
}

function group(name) {
  wanted.group = name;
  $("group").value = name;
  refresh();
}

const KEYS = {
  j: () => move(1), k: () => move(-1), n: () => step(1), p: () => step(-1),
  "/": () => { view("list"); $("search").focus(); }, t: nextTheme, x: openAll, "?": () => $("keys").showModal(),
  g: () => group(GROUPS[(GROUPS.indexOf(wanted.group) + 1) % GROUPS.length]),
  Escape: () => { view("list"); $("list").focus(); },
};
const IN_LIST = {
  ArrowDown: () => move(1), ArrowUp: () => move(-1), PageDown: () => move(8), PageUp: () => move(-8),
  Home: () => move(-found.length), End: () => move(found.length),
  Enter: () => { view("finding"); $("detail").focus(); },
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const field = event.target.closest?.("input[type=search], select");
  if (field) {
    if (event.key === "Escape" && field.id === "search") {
      if (field.value) { field.value = ""; search(); } else $("list").focus();
      event.preventDefault();
    } else if (event.key === "Enter" && field.id === "search") $("list").focus();
    return;
  }
  const action = event.target.id === "list" && IN_LIST[event.key] || KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

function search() {
  wanted.words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  $("list").scrollTop = 0;
  refresh();
}

/* On paper there is everything that the filters leave, opened. */
function toPaper() {
  if ($("print").childElementCount) return;
  $("print").append(make("h1", "", "capilint report"), make("p", "sum", $("summary").textContent),
    ...found.map(each => detail(each, true)));
}

addEventListener("beforeprint", toPaper);
addEventListener("afterprint", () => $("print").replaceChildren());

/* ---------------------------------------------------------------- begin */

function summary() {
  const own = all.filter(each => each.set === "reported");
  const parts = SEVERITIES.map(name => [own.filter(each => each.severity === name).length, name]).filter(([count]) => count);
  const node = $("summary");
  parts.forEach(([count, name]) => node.append(make("b", "", count.toLocaleString("en")), ` ${name}${count === 1 ? "" : "s"}, `));
  node.append(own.length ? "in " : "No findings in ", make("b", "", data.seen.toLocaleString("en")),
    ` file${data.seen === 1 ? "" : "s"}, ${data.analysed.toLocaleString("en")} analysed`);
}

function notices() {
  for (const each of data.remarks) $("notices").append(make("p", "", ...withCode(each)));
  if (!data.unreadable.length) return;
  const list = make("ul", "", ...data.unreadable.map(each => make("li", "", `${each.path}: ${each.reason}`)));
  const count = data.unreadable.length;
  $("notices").append(make("details", "", make("summary", "", `${plural(count, "file")} could not be analysed`), list));
}

function fromAddress() {
  const id = location.hash.slice(1);
  const target = all.find(each => each.id === id);
  if (!target) return;
  wanted.set = target.set;
  wanted.severities.add(target.severity);
  current = target;
  refresh();
  open(target, false);
  view("finding");
}

$("app").hidden = false;
paint(theme);
summary();
notices();
$("search").addEventListener("input", search);
$("group").addEventListener("change", () => group($("group").value));
$("mendable").addEventListener("change", () => { wanted.mendable = $("mendable").checked; refresh(); });
$("mendable").closest("label").hidden = !all.some(each => each.diff);
$("theme").addEventListener("click", nextTheme);
$("keys-button").addEventListener("click", () => $("keys").showModal());
$("list").addEventListener("scroll", () => draw(false), {passive: true});
addEventListener("resize", () => draw(true));
addEventListener("hashchange", fromAddress);
document.querySelector(".skip").addEventListener("click", event => {
  event.preventDefault();
  view("finding");
  $("detail").focus();
});
if (!all.some(each => each.set === "reported") && all.length) wanted.set = all[0].set;
refresh();
fromAddress();
})();

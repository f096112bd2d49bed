// The page of sgview: one WebSocket brings the picture and the state, and takes what is asked for.
"use strict";

const $ = (id) => document.getElementById(id);
const canvas = $("picture");
const pen = canvas.getContext("2d");
const WAIT_LONGEST = 5000; // between two attempts to connect [ms]
const NEW_ADDRESS = "It has a new address each time: in the panel Outputs, key o.";
let channel = null;
let hasEnded = false;
let wait = 250;
let held = ""; // path of the control under a finger: it is not moved from outside meanwhile
const video = new Video($("video"), send, (isShown) => {
  $("picture").hidden = isShown;
  $("video").classList.toggle("waiting", !isShown);
  $("way").textContent = isShown ? "WebRTC" : "JPEG";
  if (!isShown) send({ kind: "next" });
});
let shown = { controls: "", looks: "" }; // what the lists were last made of

function send(message) {
  if (channel && channel.readyState === WebSocket.OPEN) channel.send(JSON.stringify(message));
}

function connect() {
  const address = new URL("ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  channel = new WebSocket(address);
  channel.binaryType = "blob";
  channel.onopen = () => { wait = 250; tell(""); };
  channel.onmessage = (event) =>
    event.data instanceof Blob ? draw(event.data) : hear(JSON.parse(event.data));
  channel.onclose = () => {
    video.stop();
    explain().finally(() => setTimeout(connect, wait));
    wait = Math.min(wait * 2, WAIT_LONGEST);
  };
}

// Say in the picture what is wrong; "" while all is well.
function tell(text, hint = "") {
  document.body.classList.toggle("off", Boolean(text));
  $("lost").textContent = text;
  if (!hint) return;
  const small = document.createElement("small");
  small.textContent = hint;
  $("lost").append(small);
}

// The connection was lost: by the net, since the show has ended, or since it goes on elsewhere.
async function explain() {
  if (!hasEnded) tell("Connection lost, trying again…");
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.status === 403) tell("The show goes on at another address.", NEW_ADDRESS);
    else if (!answer.ok) tell(await answer.text());
  } catch {
    if (hasEnded) tell("The show has ended.", NEW_ADDRESS);
  }
}

function hear(message) {
  if (message.kind === "state") show(message);
  else if (message.kind === "answer") video.answer(message.sdp);
  else if (message.kind === "no video") video.fall();
  else if (message.kind === "ended") hasEnded = true;
  else if (message.kind === "hello") {
    hasEnded = false;
    if (message.video) video.begin();
  }
}

async function draw(blob) {
  try {
    const picture = await createImageBitmap(blob);
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    pen.drawImage(picture, 0, 0);
    picture.close();
    canvas.dataset.drawn = Number(canvas.dataset.drawn || 0) + 1;
  } finally {
    if (!video.isShown) send({ kind: "next" }); // the next one comes once this one is drawn: nothing piles up
  }
}

function show(state) {
  $("time").textContent = `${state.t.toFixed(1)} s`;
  $("fps").textContent = state.fps ? `${state.fps} fps` : "";
  $("bpm").textContent = state.bpm.toFixed(0);
  $("pause").classList.toggle("paused", state.is_paused);
  $("pause").title = state.is_paused ? "Play" : "Pause";
  $("blackout").setAttribute("aria-pressed", state.blackout);
  $("freeze").setAttribute("aria-pressed", state.freeze);
  $("files").hidden = !state.may_write;
  $("record").classList.toggle("on", state.is_recording);
  $("record").textContent = state.is_recording ? "Stop recording" : "Record";
  showControls(state.controls);
  showLooks(state.looks, state.look);
  $("looks").parentElement.hidden = state.looks.length === 0;
  $("hint").hidden = state.controls.length > 3;
}

function showControls(controls) {
  const kind = JSON.stringify(controls.map((c) => [c.path, c.label, c.low, c.high, c.is_switch]));
  if (kind !== shown.controls) {
    shown.controls = kind;
    $("controls").replaceChildren(...controls.map(makeControl));
  }
  controls.forEach((control, n) => {
    const card = $("controls").children[n];
    card.classList.toggle("driven", control.is_driven);
    if (control.is_switch) {
      const button = card.querySelector("button");
      button.setAttribute("aria-pressed", control.value >= 0.5);
      button.setAttribute("aria-label", `${control.label}: ${control.value >= 0.5 ? "on" : "off"}`);
      button.disabled = control.is_driven;
      return;
    }
    const bar = card.querySelector("input");
    bar.disabled = control.is_driven;
    if (held !== control.path) setBar(card, bar, control.value);
  });
}

function makeControl(control) {
  const card = document.createElement("label");
  card.className = control.is_switch ? "control switch" : "control";
  const name = document.createElement("div");
  name.className = "name";
  const label = document.createElement("span");
  label.textContent = control.label;
  name.append(label);
  card.append(name);
  if (control.is_switch) {
    const button = document.createElement("button");
    button.onclick = () => {
      const value = button.getAttribute("aria-pressed") === "true" ? 0 : 1;
      send({ kind: "set", path: control.path, value });
    };
    card.append(button);
    return card;
  }
  const value = document.createElement("span");
  value.className = "value";
  name.append(value);
  const bar = document.createElement("input");
  Object.assign(bar, { type: "range", min: control.low, max: control.high });
  bar.step = control.is_whole ? 1 : "any";
  bar.dataset.path = control.path;
  bar.oninput = () => {
    setBar(card, bar, Number(bar.value));
    send({ kind: "set", path: control.path, value: Number(bar.value) });
  };
  bar.onpointerdown = () => { held = control.path; };
  bar.onpointerup = bar.onpointercancel = bar.onblur = () => { held = ""; };
  card.append(bar);
  return card;
}

function setBar(card, bar, value) {
  bar.value = value;
  const share = (100 * (value - bar.min)) / (bar.max - bar.min || 1);
  bar.style.setProperty("--share", `${Math.min(Math.max(share, 0), 100)}%`);
  const digits = bar.step === "1" ? 0 : 2;
  card.querySelector(".value").textContent = value.toFixed(digits);
}

function showLooks(looks, now) {
  const kind = JSON.stringify(looks);
  if (kind !== shown.looks) {
    shown.looks = kind;
    $("looks").replaceChildren(...looks.map(makeLook));
  }
  for (const look of $("looks").children) look.classList.toggle("now", look.dataset.name === now);
}

function makeLook(look) {
  const button = document.createElement("button");
  button.className = "look";
  button.dataset.name = look.name;
  if (look.has_picture) {
    const image = document.createElement("img");
    image.src = `look/${encodeURIComponent(look.name)}`;
    image.alt = "";
    button.append(image);
  }
  const name = document.createElement("span");
  if (look.key) {
    const key = document.createElement("b");
    key.textContent = look.key;
    name.append(key);
  }
  name.append(look.name);
  button.append(name);
  button.onclick = () => send({ kind: "look", name: look.name });
  return button;
}

for (const button of document.querySelectorAll("[data-do]"))
  button.onclick = () => send({ kind: "do", what: button.dataset.do });
for (const name of ["picture", "video"]) // more room for the controls, and back
  $(name).onclick = () => document.body.classList.toggle("small");
for (const name of ["blackout", "freeze"])
  $(name).onclick = () => {
    const value = $(name).getAttribute("aria-pressed") === "true" ? 0 : 1;
    send({ kind: "set", path: `stage.${name}`, value });
  };
connect();

// The page: sends frames and sound to the server, and draws the posteriors that come back.

const FRAMES_A_SECOND = 15;
const MOST_WAITING = 2; // frames that were sent and have not come back
const LONGEST_SIDE = 640; // pixels of a frame
const FRAME = 1;
const SOUND = 2;
const WORDS = {
  camera: { off: "camera off", "no face": "no face", face: "face" },
  sound: {
    off: "microphone off",
    "no speech": "no speech",
    listening: "speech: listening until there is enough",
    speech: "speech",
    pause: "no speech now; what was last heard still counts",
  },
};

const element = (id) => document.getElementById(id);

const model = await (await fetch("/model.json")).json();
const charts = new Map();
let socket = null;
let stream = null;
let sound = null;
let timer = null;
let sent = []; // times of frames that have not come back, in ms
let begun = false;

describe();
element("start").disabled = false;
element("start").addEventListener("click", () => (begun ? stop() : start()));

function describe() {
  element("title").textContent = `${model.title}, live`;
  document.title = `${model.title}, live`;
  element("about").textContent = model.modalities.map((one) => one.name + (one.usable ? "" : " (not used)")).join(", ");
  element("rule-label").textContent = `the model's rule: ${model.rule}`;
  element("notes").replaceChildren(...model.notes.map((note) => made("li", { textContent: note })));
  for (const [id, has] of [["camera", model.camera], ["microphone", model.sound]]) {
    element(id).checked = has;
    element(`use-${id}`).hidden = !has;
  }
  const usable = model.modalities.filter((one) => one.usable).map((one) => one.name);
  const drawn = usable.length > 1 ? [...usable, "fusion"] : usable;
  for (const name of drawn) element("charts").append(chart(name));
  sliders(usable);
}

function made(tag, properties, ...children) {
  const one = Object.assign(document.createElement(tag), properties);
  one.append(...children);
  return one;
}

function chart(name) {
  const bars = new Map();
  const list = made("div", { className: "bars" });
  for (const emotion of model.classes) {
    const fill = made("div", {});
    fill.style.transform = "scaleX(0)";
    const value = made("span", { className: "value" });
    const bar = made(
      "div",
      { className: "bar" },
      made("span", { textContent: emotion }),
      made("div", { className: "track" }, fill),
      value,
    );
    bar.dataset.emotion = emotion;
    list.append(bar);
    bars.set(emotion, { bar, fill, value });
  }
  const whole = made("div", { className: "chart absent" }, made("h2", { textContent: name }), list);
  whole.dataset.modality = name;
  whole.classList.toggle("fused", name === "fusion");
  charts.set(name, { whole, bars });
  draw(name, null);
  return whole;
}

function draw(name, posterior) {
  const { whole, bars } = charts.get(name);
  whole.classList.toggle("absent", !posterior);
  const most = posterior ? posterior.indexOf(Math.max(...posterior)) : -1;
  model.classes.forEach((emotion, position) => {
    const { bar, fill, value } = bars.get(emotion);
    fill.style.transform = `scaleX(${posterior ? posterior[position] : 0})`;
    value.textContent = posterior ? `${Math.round(100 * posterior[position])} %` : "–";
    bar.classList.toggle("most", position === most);
  });
}

// Of two modalities one slider is enough: the other has the rest. Of more, each has its own, and their sum is 1.
function sliders(names) {
  const given = names.map((name) => model.weights[name] ?? 0);
  const sum = given.reduce((total, weight) => total + weight, 0);
  const weights = new Map(names.map((name, number) => [name, sum > 0 ? given[number] / sum : 1 / names.length]));
  if (names.length < 2) {
    element("fusion").hidden = true;
    return;
  }
  const labels = new Map(names.map((name) => [name, made("span", {})]));
  const show = () => {
    const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0) || 1;
    for (const [name, label] of labels) label.textContent = `${name} ${(weights.get(name) / total).toFixed(2)}`;
  };
  for (const name of names.length === 2 ? names.slice(0, 1) : names) {
    const slider = made("input", { type: "range", min: 0, max: 1, step: 0.01, value: weights.get(name) });
    slider.id = `weight-${name}`;
    slider.setAttribute("aria-label", `weight of ${name}`);
    slider.addEventListener("input", () => {
      weights.set(name, Number(slider.value));
      if (names.length === 2) weights.set(names[1], 1 - Number(slider.value));
      show();
      element("rule-weights").checked = true;
      askRule(weights);
    });
    const ends = names.length === 2 ? [labels.get(name), slider, labels.get(names[1])] : [labels.get(name), slider];
    element("weights").append(made("div", { className: "weight" }, ...ends));
  }
  for (const id of ["rule-model", "rule-weights"]) element(id).addEventListener("change", () => askRule(weights));
  show();
  window.addEventListener("connected", () => askRule(weights));
}

function askRule(weights) {
  if (!open()) return;
  const given = [...weights.values()].some((weight) => weight > 0);
  const asked = element("rule-weights").checked && given ? Object.fromEntries(weights) : null;
  socket.send(JSON.stringify({ weights: asked }));
}

const open = () => socket !== null && socket.readyState === WebSocket.OPEN;

async function start() {
  begun = true;
  element("start").textContent = "Stop";
  element("trouble").textContent = "";
  const wanted = { video: element("camera").checked, audio: element("microphone").checked };
  try {
    stream = await devices(wanted);
  } catch (error) {
    stop();
    element("trouble").textContent = `The browser gives no camera or microphone: ${error.message}. Allow both for this page.`;
    return;
  }
  element("video").srcObject = stream;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", (event) => show(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => {
    if (!begun) return;
    stop();
    element("trouble").textContent = event.reason
      ? `The server has ended it: ${event.reason}.`
      : "The server does not answer. Is “emofusion live” still running?";
  });
  socket.addEventListener("open", async () => {
    window.dispatchEvent(new Event("connected"));
    if (stream.getAudioTracks().length > 0) await listen();
    if (stream.getVideoTracks().length > 0) timer = setInterval(look, 1000 / FRAMES_A_SECOND);
  });
}

// Without a camera or without a microphone, the other one is enough.
async function devices({ video, audio }) {
  const camera = video && { width: { ideal: LONGEST_SIDE }, frameRate: { ideal: 30 } };
  // what browsers do to voices for calls would change the features
  const microphone = audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  if (!navigator.mediaDevices) throw new Error("pages get them on https or on this machine (127.0.0.1) only");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: camera, audio: microphone });
  } catch (error) {
    if (!(video && audio)) throw error;
    for (const one of [{ video: camera }, { audio: microphone }]) {
      try {
        const found = await navigator.mediaDevices.getUserMedia(one);
        element("trouble").textContent = one.video ? "There is no microphone." : "There is no camera.";
        return found;
      } catch {}
    }
    throw error;
  }
}

function stop() {
  begun = false;
  clearInterval(timer);
  sound?.close();
  stream?.getTracks().forEach((track) => track.stop());
  socket?.close();
  socket = stream = sound = null;
  sent = [];
  element("video").srcObject = null;
  element("start").textContent = "Start";
  element("delays").textContent = "";
  state("camera", "off");
  state("sound", "off");
  for (const name of charts.keys()) draw(name, null);
}

function message(kind, time, content) {
  const whole = new Uint8Array(16 + content.byteLength);
  const header = new DataView(whole.buffer);
  header.setBigUint64(0, BigInt(kind), true);
  header.setFloat64(8, time, true);
  whole.set(new Uint8Array(content), 16);
  return whole;
}

const canvas = document.createElement("canvas");

function look() {
  const video = element("video");
  if (!open() || sent.length >= MOST_WAITING || !video.videoWidth) return;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const time = performance.now();
  sent.push(time);
  canvas.toBlob(
    async (blob) => {
      const content = await blob.arrayBuffer();
      if (open()) socket.send(message(FRAME, time, content));
    },
    "image/jpeg",
    0.9,
  );
}

async function listen() {
  sound = new AudioContext();
  await sound.resume();
  await sound.audioWorklet.addModule("/page/microphone.js");
  const blocks = new AudioWorkletNode(sound, "blocks", { numberOfOutputs: 0 });
  socket.send(JSON.stringify({ rate: sound.sampleRate }));
  blocks.port.onmessage = ({ data }) => open() && socket.send(message(SOUND, performance.now(), data));
  sound.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(blocks);
}

function state(medium, word) {
  const shown = element(`${medium}-state`);
  if (shown.textContent !== WORDS[medium][word]) shown.textContent = WORDS[medium][word];
  shown.classList.toggle("absent", word === "no face" || word === "no speech");
}

function show(news) {
  if (!begun) return;
  state("camera", news.camera);
  state("sound", news.sound);
  for (const name of charts.keys()) if (name !== "fusion") draw(name, news.posteriors[name]);
  if (charts.has("fusion")) draw("fusion", news.fused);
  if (news.trouble) element("trouble").textContent = news.trouble;
  if (news.frame === null) return;
  const waited = sent.filter((time) => time <= news.frame);
  if (waited.length === 0) return;
  sent = sent.filter((time) => time > news.frame);
  const lost = news.dropped_frames + news.dropped_windows;
  element("delays").textContent =
    `${Math.round(performance.now() - news.frame)} ms from a frame to its bars` +
    (lost > 0 ? `; ${news.dropped_frames} frames and ${news.dropped_windows} windows left out` : "") +
    (news.lost_sound > 0 ? `; ${news.lost_sound.toFixed(1)} s of sound lost` : "");
}

// The page: sends frames and sound to the server, and draws the posteriors that come back.

const FRAMES_A_SECOND = 15;
const MOST_WAITING = 2; // frames that were sent and have not come back
const LONGEST_WAIT = 5000; // ms after which a frame is given up
const LONGEST_SIDE = 640; // pixels of a frame
const FRAME = 1;
const SOUND = 2;
const WORDS = {
  camera: {
    off: "camera off",
    "no frames": "no frames come from the camera",
    "no face": "no face",
    face: "face",
    picture: "picture",
  },
  sound: {
    off: "microphone off",
    "no sound": "no sound comes from the microphone",
    "no speech": "no speech",
    listening: "speech: listening until there is enough",
    speech: "speech",
    pause: "no speech now; what was last heard still counts",
  },
};
const REFUSED = {
  NotAllowedError: "the browser was told not to give it; allow it for this page",
  NotFoundError: "there is none",
  NotReadableError: "another program uses it",
};

const element = (id) => document.getElementById(id);

const model = await (await fetch("/model.json")).json();
const charts = new Map();
const canvas = document.createElement("canvas");
let weights = null; // modality → weight, for the weighted mean; null: the model's rule
let current = null; // the run that goes on

describe();
element("start").addEventListener("click", () => (current ? end(current) : begin()));
for (const id of ["camera", "microphone"]) element(id).addEventListener("change", allowStart);

function describe() {
  document.title = element("title").textContent = `${model.title}, live`;
  element("about").textContent = [...model.modalities, ...model.unusable.map((name) => `${name} (not used)`)].join(", ");
  element("rule-label").textContent = `the model's rule: ${model.rule}`;
  element("notes").replaceChildren(...model.notes.map((note) => made("li", { textContent: note })));
  for (const [id, has] of [["camera", model.camera], ["microphone", model.sound]]) {
    element(id).checked = has;
    element(`use-${id}`).hidden = !has;
  }
  const drawn = model.modalities.length > 1 ? [...model.modalities, "fusion"] : model.modalities;
  for (const name of drawn) element("charts").append(chart(name));
  sliders(model.modalities);
  allowStart();
}

function allowStart() {
  element("start").disabled = !(element("camera").checked || element("microphone").checked);
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
  const whole = made("div", { className: "chart" }, made("h2", { textContent: name }), list);
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

// Of two modalities one slider is enough: the other has the rest. Of more, each has its own, and their sum is made 1.
function sliders(names) {
  element("fusion").hidden = names.length < 2;
  if (names.length < 2) return;
  const given = names.map((name) => model.weights[name] ?? 0);
  const chosen = new Map(names.map((name, number) => [name, given[number]]));
  const labels = new Map(names.map((name) => [name, made("span", {})]));
  const shares = () => {
    const total = [...chosen.values()].reduce((sum, weight) => sum + weight, 0);
    return new Map(names.map((name) => [name, total > 0 ? chosen.get(name) / total : 1 / names.length]));
  };
  const show = () => {
    for (const [name, share] of shares()) labels.get(name).textContent = `${name} ${share.toFixed(2)}`;
  };
  const ask = () => {
    weights = element("rule-weights").checked ? Object.fromEntries(shares()) : null;
    if (current) askWeights(current);
  };
  for (const [name, share] of shares()) chosen.set(name, share);
  for (const name of names.length === 2 ? names.slice(0, 1) : names) {
    const slider = made("input", { type: "range", min: 0, max: 1, step: 0.01, value: chosen.get(name) });
    slider.id = `weight-${name}`;
    slider.setAttribute("aria-label", `weight of ${name}`);
    slider.addEventListener("input", () => {
      chosen.set(name, Number(slider.value));
      if (names.length === 2) chosen.set(names[1], 1 - Number(slider.value));
      element("rule-weights").checked = true;
      show();
      ask();
    });
    const ends = names.length === 2 ? [labels.get(name), slider, labels.get(names[1])] : [labels.get(name), slider];
    element("weights").append(made("div", { className: "weight" }, ...ends));
  }
  for (const id of ["rule-model", "rule-weights"]) element(id).addEventListener("change", ask);
  show();
}

// A run goes from Start to Stop. What comes later for a run that is over is left alone.
async function begin() {
  const run = { stream: null, socket: null, sound: null, timer: null, sent: [], skipped: 0 };
  current = run;
  element("start").textContent = "Stop";
  for (const id of ["trouble", "scoring-trouble", "losses", "delays"]) element(id).textContent = "";
  try {
    run.stream = await devices(run, { video: element("camera").checked, audio: element("microphone").checked });
  } catch (error) {
    if (current === run) end(run, error.message);
    return;
  }
  if (current !== run) {
    release(run);
    return;
  }
  for (const track of run.stream.getTracks()) {
    track.addEventListener("ended", () => current === run && end(run, `The ${noun(track.kind)} is gone.`));
  }
  element("video").srcObject = run.stream;
  run.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
  run.socket.binaryType = "arraybuffer";
  run.socket.addEventListener("message", (event) => current === run && show(run, JSON.parse(event.data)));
  run.socket.addEventListener("close", (event) => {
    if (current !== run) return;
    end(run, event.reason ? `The server has ended it: ${event.reason}.` : "The server does not answer. Does it still run?");
  });
  run.socket.addEventListener("open", () => {
    if (current !== run) return;
    askWeights(run);
    if (run.stream.getVideoTracks().length > 0) run.timer = setInterval(() => look(run), 1000 / FRAMES_A_SECOND);
    if (run.stream.getAudioTracks().length > 0) {
      listen(run).catch((error) => current === run && tell(`The microphone cannot be used: ${error.message}.`));
    }
  });
}

function end(run, why = "") {
  current = null;
  release(run);
  element("video").srcObject = null;
  element("start").textContent = "Start";
  for (const id of ["scoring-trouble", "losses", "delays"]) element(id).textContent = "";
  if (why) tell(why);
  state("camera", "off");
  state("sound", "off");
  for (const name of charts.keys()) draw(name, null);
}

function release(run) {
  clearInterval(run.timer);
  run.sound?.close();
  run.stream?.getTracks().forEach((track) => track.stop());
  run.socket?.close();
}

function tell(line) {
  element("trouble").textContent = line;
}

const noun = (kind) => (kind === "video" ? "camera" : "microphone");
const isOpen = (run) => current === run && run.socket?.readyState === WebSocket.OPEN;

// Without a camera or without a microphone, the other one is enough.
async function devices(run, { video, audio }) {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers give cameras and microphones to pages of this machine (127.0.0.1) or on https only.");
  }
  const asked = {
    video: { width: { ideal: LONGEST_SIDE }, frameRate: { ideal: 30 } },
    // what browsers do to voices for calls would change the features
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  };
  const kinds = [video && "video", audio && "audio"].filter(Boolean);
  const given = (some) => navigator.mediaDevices.getUserMedia(Object.fromEntries(some.map((kind) => [kind, asked[kind]])));
  try {
    return await given(kinds);
  } catch (error) {
    if (kinds.length < 2) throw new Error(`No ${noun(kinds[0])}: ${REFUSED[error.name] ?? error.message}.`);
  }
  const found = new MediaStream();
  const refused = [];
  for (const kind of kinds) {
    try {
      (await given([kind])).getTracks().forEach((track) => found.addTrack(track));
    } catch (error) {
      refused.push(`No ${noun(kind)}: ${REFUSED[error.name] ?? error.message}.`);
    }
  }
  if (refused.length === kinds.length) throw new Error(refused.join(" "));
  if (current === run) tell(refused.join(" "));
  return found;
}

function askWeights(run) {
  if (isOpen(run)) run.socket.send(JSON.stringify({ weights }));
}

function message(kind, time, content) {
  const whole = new Uint8Array(16 + content.byteLength);
  const header = new DataView(whole.buffer);
  header.setBigUint64(0, BigInt(kind), true);
  header.setFloat64(8, time, true);
  whole.set(new Uint8Array(content), 16);
  return whole;
}

function look(run) {
  const video = element("video");
  if (!isOpen(run) || !video.videoWidth) return;
  const time = performance.now();
  run.sent = run.sent.filter((one) => time - one < LONGEST_WAIT);
  if (run.sent.length >= MOST_WAITING) {
    run.skipped += 1;
    return;
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  run.sent.push(time);
  canvas.toBlob(
    async (blob) => {
      const content = await blob?.arrayBuffer();
      if (content && isOpen(run)) run.socket.send(message(FRAME, time, content));
    },
    "image/jpeg",
    0.9,
  );
}

async function listen(run) {
  run.sound = new AudioContext();
  await run.sound.audioWorklet.addModule("/page/microphone.js");
  if (!isOpen(run)) return;
  const blocks = new AudioWorkletNode(run.sound, "blocks", { numberOfOutputs: 0 });
  run.socket.send(JSON.stringify({ rate: run.sound.sampleRate }));
  blocks.port.onmessage = ({ data }) => isOpen(run) && run.socket.send(message(SOUND, performance.now(), data));
  run.sound.createMediaStreamSource(new MediaStream(run.stream.getAudioTracks())).connect(blocks);
  await run.sound.resume();
}

function state(medium, word) {
  const shown = element(`${medium}-state`);
  if (shown.textContent !== WORDS[medium][word]) shown.textContent = WORDS[medium][word];
  shown.classList.toggle("absent", word.startsWith("no "));
}

function show(run, news) {
  state("camera", news.camera);
  state("sound", news.sound);
  for (const name of charts.keys()) draw(name, name === "fusion" ? news.fused : (news.posteriors[name] ?? null));
  element("scoring-trouble").textContent = news.trouble;
  const lost = [];
  const frames = news.dropped_frames + run.skipped;
  if (frames > 0) lost.push(`${frames} frames`);
  if (news.dropped_windows > 0) lost.push(`${news.dropped_windows} windows of speech`);
  if (news.lost_sound > 0) lost.push(`${news.lost_sound.toFixed(1)} s of sound`);
  element("losses").textContent = lost.length ? `left out, because the machine had no time: ${lost.join(", ")}` : "";
  const isNew = news.frame !== null && run.sent.some((time) => time <= news.frame);
  if (isNew) {
    run.sent = run.sent.filter((time) => time > news.frame);
    element("delays").textContent = `${Math.round(performance.now() - news.frame)} ms from a frame to its bars`;
  } else if (news.camera === "no frames" || news.camera === "off") {
    element("delays").textContent = "";
  }
}

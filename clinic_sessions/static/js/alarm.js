const rung = new Set();
let audio = null;

/* A browser lets a page sound, or shake, only after somebody has touched it. */
function unlock() {
  audio ??= new AudioContext();
}

function sound() {
  if (!audio) return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.8);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.8);
}

/* A swapped card is a new element, so what has rung is remembered by its card and its time. */
function ring(event) {
  const element = event.detail.element;
  const board = element.closest('[data-alarm]');
  const key = `${element.closest('[data-due-card]')?.id} ${element.dataset.due}`;
  if (!board || rung.has(key)) return;
  rung.add(key);
  if (board.dataset.alarm === 'sound') sound();
  else if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
}

export function start() {
  if (document.querySelector('[data-alarm="sound"]')) document.addEventListener('pointerdown', unlock, {once: true});
  document.addEventListener('overdue', ring);
}

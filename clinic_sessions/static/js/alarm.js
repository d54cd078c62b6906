const RUNG = 'rung';
const SOUND = 'alarm-sound';
const KEPT = 200;
let audio = null;

/* What has rung is remembered for the sitting: a page that is opened next, or a card that is new, rings no second time. */
function first(key) {
  let rung;
  try {
    rung = JSON.parse(sessionStorage.getItem(RUNG) ?? '[]');
    if (rung.includes(key)) return false;
    sessionStorage.setItem(RUNG, JSON.stringify([...rung, key].slice(-KEPT)));
  } catch {
    return false;
  }
  return true;
}

/* A browser lets a page sound, or shake, only after somebody has touched it. */
function unlock() {
  audio ??= new AudioContext();
}

function sound(pitch, seconds) {
  if (!audio) return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + seconds);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + seconds);
}

function shake(pattern) {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}

/* Sound is chosen for a device, at the nurses' station: in a room where somebody is treated it stays silent. */
function wanted() {
  try {
    return localStorage.getItem(SOUND) === 'on';
  } catch {
    return false;
  }
}

function offerSound(box) {
  box.checked = wanted();
  box.closest('[hidden]').hidden = false;
  box.addEventListener('change', () => {
    localStorage.setItem(SOUND, box.checked ? 'on' : 'off');
    if (box.checked) {
      unlock();
      sound(660, 0.8);
    }
  });
}

function ring(element, key, {pitch, seconds, pattern}) {
  const place = element.closest('[data-alarm]');
  const sounds = place?.dataset.alarm === 'sound' || wanted();
  if (!place || !first(`${element.closest('[data-due-card]')?.dataset.dueCard} ${key}`)) return;
  if (sounds) sound(pitch, seconds);
  else shake(pattern);
}

export function start() {
  document.querySelectorAll('[data-alarm-sound]').forEach(offerSound);
  if (wanted() || document.querySelector('[data-alarm="sound"]')) document.addEventListener('pointerdown', unlock, {once: true});
  document.addEventListener('overdue', ({detail: {element}}) => ring(element, element.dataset.due, {pitch: 660, seconds: 0.8, pattern: [200, 100, 200]}));
  document.addEventListener('urgent', ({detail: {element}}) => ring(element, element.dataset.urgent, {pitch: 880, seconds: 1.6, pattern: [400, 100, 400, 100, 400]}));
}

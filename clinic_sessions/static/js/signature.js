/* A field in which a signature is drawn. Strokes are kept as points in thousandths of the field, in a hidden input. */

const UNITS = 1000;
const APART = 6;
const MOST_POINTS = 6000;

function kept(input) {
  try {
    const found = JSON.parse(input.value);
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

function install(pad) {
  const canvas = pad.querySelector('canvas');
  const input = pad.closest('form').elements.strokes;
  let strokes = kept(input);
  let stroke = null;

  function keep() {
    input.value = strokes.length ? JSON.stringify(strokes) : '';
  }

  function draw() {
    const {width, height} = canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.lineWidth = 2.5 * scale;
    pen.lineCap = pen.lineJoin = 'round';
    pen.strokeStyle = getComputedStyle(canvas).color;
    for (const points of strokes) {
      pen.beginPath();
      for (const [x, y] of points.length > 1 ? points : [points[0], points[0]]) {
        pen.lineTo(x / UNITS * canvas.width, y / UNITS * canvas.height);
      }
      pen.stroke();
    }
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const within = (value, size) => Math.round(Math.min(1, Math.max(0, value / size)) * UNITS);
    return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)];
  }

  canvas.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = [point(event)];
    strokes.push(stroke);
    draw();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!stroke || strokes.reduce((sum, one) => sum + one.length, 0) >= MOST_POINTS) return;
    const next = point(event);
    const [x, y] = stroke.at(-1);
    if (Math.hypot(next[0] - x, next[1] - y) < APART) return;
    stroke.push(next);
    draw();
  });
  for (const ending of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(ending, () => {
      stroke = null;
      keep();
    });
  }
  pad.querySelector('button').addEventListener('click', () => {
    strokes = [];
    keep();
    draw();
  });
  pad.hidden = false;
  draw();
  window.addEventListener('resize', draw);
}

document.querySelectorAll('[data-sign-pad]').forEach(install);

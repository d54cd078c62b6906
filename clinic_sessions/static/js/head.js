/* What sticks to the top is as high as what is due needs: an anchor stops right below it, and nothing looks out half hidden. */
function measure() {
  const head = document.querySelector('.session-top');
  if (!head) return;
  const sticksAt = parseFloat(getComputedStyle(head).top) || 0;
  head.closest('#session').style.setProperty('--head', `${Math.ceil(sticksAt + head.offsetHeight) + 8}px`);
}

export function start() {
  measure();
  const came = performance.getEntriesByType('navigation')[0]?.type === 'navigate';
  if (came && location.hash) document.querySelector(`#session #${CSS.escape(location.hash.slice(1))}`)?.scrollIntoView();
  addEventListener('resize', measure);
  document.addEventListener('swapped', measure);
}

/* Answers of a scale by their number: a digit chooses the answer and goes on to the next question. */
function answer(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches('input[type=radio]')) return;
  const item = event.target.closest('fieldset');
  const chosen = item?.querySelector(`input[type=radio][value="${CSS.escape(event.key)}"]`);
  if (!/^\d$/.test(event.key) || !chosen) return;
  event.preventDefault();
  chosen.checked = true;
  chosen.dispatchEvent(new Event('change', {bubbles: true}));
  const items = [...event.currentTarget.querySelectorAll('fieldset')];
  const next = items[items.indexOf(item) + 1];
  const to = next ? next.querySelector('input:checked') || next.querySelector('input') : chosen;
  to.focus();
  to.closest('fieldset').scrollIntoView({block: 'nearest'});
}

export function start() {
  document.querySelectorAll('[data-items]').forEach((items) => {
    items.addEventListener('keydown', answer);
    items.querySelectorAll('[data-keys]').forEach((said) => { said.hidden = false; });
  });
}

// What a browser with script gets on top; every page does without.

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = button.dataset.copied;
});
const showCopyButtons = () => document.querySelectorAll('[data-copy]').forEach((button) => (button.hidden = false));
showCopyButtons();

// Instants as the server tells them, but in the reader's own time zone, and still so when the page has been
// open for a while.
const language = document.documentElement.lang;
const ago = new Intl.RelativeTimeFormat(language);
const exact = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' });
const UNITS = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];
const tell = () => {
  for (const time of document.querySelectorAll('time[datetime*=T]')) {
    const then = new Date(time.dateTime);
    const seconds = (Date.now() - then) / 1000;
    time.title = exact.format(then);
    if (time.dataset.shows === 'clock') continue;
    const far = Math.abs(seconds);
    const [size, unit] = UNITS.find(([size]) => far >= size) ?? [];
    if (far >= 7 * 86400) time.textContent = time.title;
    else if (unit) time.textContent = ago.format(-Math.trunc(seconds / size), unit);
  }
};
tell();
setInterval(tell, 60_000);

// A wait that counts down.
for (const wait of document.querySelectorAll('[data-seconds]')) {
  const end = Date.now() + wait.textContent * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    wait.textContent = Math.max(left, 0);
    if (left <= 0) clearInterval(timer);
  }, 250);
}

// A line that cannot be a redirect URI is told at once, in the words of the hint. The server knows better
// than this does, and has the last word: only what it would surely refuse is told.
const isWrong = (line) =>
  !/^[a-z][a-z\d+.-]*:/i.test(line) || /[#*\s]/.test(line) ||
  (/^http:/i.test(line) && !/^http:\/\/(127\.0\.0\.1|\[::1\]|([^/?:]+\.)?localhost)([/?:]|$)/.test(line));
const uris = document.getElementById('redirect_uris');
uris?.addEventListener('input', () => uris.setCustomValidity(''));
uris?.addEventListener('change', () => {
  const wrong = uris.value.split('\n').map((line) => line.trim()).find((line) => line && isWrong(line));
  uris.setCustomValidity(wrong ? `${wrong}: ${document.getElementById('redirect_uris-hint').textContent}` : '');
  uris.reportValidity();
});

// The authorize URL of an application, live: what the server makes of this choice.
const builder = document.querySelector('form[data-builder]');
if (builder) {
  let asked;
  builder.addEventListener('change', async () => {
    asked?.abort();
    asked = new AbortController();
    const url = new URL(builder.action);
    url.search = new URLSearchParams(new FormData(builder));
    try {
      const answer = await fetch(url, { signal: asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const part of ['#built', 'output']) document.querySelector(part)?.replaceWith(page.querySelector(part) ?? '');
      showCopyButtons();
      history.replaceState(null, '', url);
    } catch {
      // Asked again before it was answered, or no network: the button is still there.
    }
  });
}

/**
 * The default theme says that its search box is a button with a list box of options in it, and puts links into the options, which
 * screen readers cannot make sense of. It is a dialog with a list of links; this says so, whenever the box changes.
 */
export function correctSearchRoles(): void {
  const correct = (box: Element) => {
    set(box, { role: 'dialog', 'aria-modal': 'true', 'aria-expanded': null, 'aria-haspopup': null, 'aria-owns': null });
    for (const input of box.querySelectorAll('.search-input')) {
      set(input, { 'aria-autocomplete': null, 'aria-activedescendant': null });
    }
    for (const list of box.querySelectorAll('.results')) set(list, { role: 'list' });
    for (const item of box.querySelectorAll('.results > li')) set(item, { role: 'listitem', 'aria-selected': null });
    for (const key of box.querySelectorAll('kbd')) set(key, { role: 'img' }); // it has a name: "up arrow"
    // The name is what the link shows.
    for (const link of box.querySelectorAll('.result')) {
      set(link, { 'aria-label': null, 'aria-current': link.classList.contains('selected') ? 'true' : null });
    }
  };
  const inBox = new MutationObserver(() => {
    const box = document.querySelector('.VPLocalSearchBox');
    if (box) correct(box);
  });
  new MutationObserver(() => {
    const box = document.querySelector('.VPLocalSearchBox');
    if (!box || box.getAttribute('role') === 'dialog') return;
    correct(box);
    inBox.observe(box, { subtree: true, childList: true, attributes: true });
  }).observe(document.body, { childList: true });
}

/** Sets attributes, or takes them away, where they are not yet so: setting them anyway would be a change to observe. */
function set(element: Element, attributes: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) === value) continue;
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
}

import { withBase } from 'vitepress';
import { defineComponent, h } from 'vue';

/** What an address without a page shows. */
export const NotFound = defineComponent({
  name: 'NotFound',
  render: () =>
    h('main', { class: 'not-found vp-doc' }, [
      h('h1', 'There is no such page'),
      h('p', ['The book begins ', h('a', { href: withBase('/') }, 'at its first page'), '.']),
    ]),
});

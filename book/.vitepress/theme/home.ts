import { Content } from 'vitepress';
import { VPHomeContent, VPHomeHero } from 'vitepress/theme';
import { defineComponent, h } from 'vue';

/** The home page of the default theme inside `<main>`: the theme's own has no landmark to jump to. */
export const BookHome = defineComponent({
  name: 'BookHome',
  render: () => h('main', { class: 'book-home' }, [h(VPHomeHero), h(VPHomeContent, () => h(Content))]),
});

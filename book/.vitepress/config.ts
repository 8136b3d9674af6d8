import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const pages = fileURLToPath(new URL('../pages/', import.meta.url));
const base = process.env.BOOK_BASE ?? '/';
const contents = (part: string) => JSON.parse(readFileSync(`${pages}${part}/contents.json`, 'utf8'));
const lessons: { text: string; link: string }[] = contents('lessons');
const reference: { text: string; link: string }[] = contents('reference');

export default defineConfig({
  title: 'tsgpt',
  description: 'A GPT written from scratch in TypeScript, and twelve lessons that build it.',
  lang: 'en',
  base,
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '../runs/book/vitepress',
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }],
    ['meta', { name: 'color-scheme', content: 'light dark' }],
  ],
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark' },
    // Every line of a page made with `anchors` can be linked to: #L38.
    codeTransformers: [
      {
        name: 'line-anchors',
        line(node, line) {
          if (this.options.meta?.__raw?.includes('anchors')) node.properties.id = `L${line}`;
        },
      },
    ],
    config(md) {
      // Whole files are long: as text for v-html they pass by Vue's compiler, which would take most of the build's time.
      const fence = md.renderer.rules.fence!;
      md.renderer.rules.fence = (tokens, index, options, env, self) => {
        const html = fence(tokens, index, options, env, self);
        if (!tokens[index]!.info.includes('anchors')) return html;
        return `<div v-html="${md.utils.escapeHtml(JSON.stringify(html))}"></div>\n`;
      };
    },
  },
  themeConfig: {
    nav: [
      { text: 'Lessons', link: lessons[0]!.link, activeMatch: '/lessons/' },
      { text: 'Reference', link: '/reference/', activeMatch: '/reference/' },
      { text: 'Source', link: '/source/', activeMatch: '/source/' },
    ],
    sidebar: [
      { text: 'Lessons', items: lessons },
      { text: 'API reference', collapsed: true, link: '/reference/', items: reference },
      { text: 'Source code', link: '/source/' },
    ],
    outline: [2, 3],
    search: {
      provider: 'local',
      // Source files stay out, before they are highlighted once more: who looks for a name finds it in the reference.
      options: { _render: (text, env, md) => (/^search: false$/m.test(text) ? '' : md.render(text, env)) },
    },
  },
});

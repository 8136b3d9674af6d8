import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const pages = fileURLToPath(new URL('../pages', import.meta.url));
const base = process.env.BOOK_BASE ?? '/';
const contents = (part: string) => JSON.parse(readFileSync(`${pages}/${part}/contents.json`, 'utf8'));
const lessons: { text: string; link: string }[] = contents('lessons');
const reference: { text: string; link: string }[] = contents('reference');

/** Colours of the highlighting that are too pale on the background of code, and what takes their place. */
const CLEARER: Record<string, string> = {
  '--shiki-light:#D73A49': '--shiki-light:#B31D28',
  '--shiki-light:#E36209': '--shiki-light:#953800',
  '--shiki-light:#6A737D': '--shiki-light:#57606A',
  '--shiki-dark:#6A737D': '--shiki-dark:#99A3AD',
};

const CODE_BLOCK = /^(`{3,})[^`\n]*\n[\s\S]*?^\1$/gm;

export default defineConfig({
  title: 'tsgpt',
  description: 'A GPT written from scratch in TypeScript, and seventeen lessons that build it.',
  lang: 'en',
  base,
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '../runs/book/vitepress',
  vite: { publicDir: fileURLToPath(new URL('../public', import.meta.url)) },
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }],
    ['meta', { name: 'color-scheme', content: 'light dark' }],
  ],
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark' },
    // Every line of a page made with `anchors` can be linked to: #L38.
    codeTransformers: [
      {
        name: 'contrast',
        span(node) {
          const style = String(node.properties.style);
          node.properties.style = style.replace(/--shiki-\w+:#\w+/g, (colour) => CLEARER[colour] ?? colour);
        },
      },
      {
        name: 'line-anchors',
        line(node, line) {
          if (this.options.meta?.__raw?.includes('anchors')) node.properties.id = `L${line}`;
        },
      },
    ],
    config(md) {
      // Indented code looks and scrolls like fenced code.
      md.renderer.rules.code_block = (tokens, index, options, env, self) => {
        tokens[index]!.info = 'text';
        return md.renderer.rules.fence!(tokens, index, options, env, self);
      };
      // A cell at the head of a column that says nothing is no heading.
      md.core.ruler.push('empty-headings', ({ tokens }) => {
        for (const [i, token] of tokens.entries()) {
          if (token.type === 'th_open' && tokens[i + 1]!.content === '') token.tag = tokens[i + 2]!.tag = 'td';
        }
      });
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
    logo: { src: '/icon.svg', alt: '' },
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
      // Prose and headings are found, and so every name in the reference; code is not, nor need it be highlighted once more.
      options: {
        _render: (text, env, md) => (/^search: false$/m.test(text) ? '' : md.render(text.replace(CODE_BLOCK, ''), env)),
      },
    },
  },
});

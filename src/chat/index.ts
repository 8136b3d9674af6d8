export { type ChatMessage, ChatTemplate, plainTemplate, type RenderOptions } from './chat-template.ts';
export { Conversation, type ConversationOptions } from './conversation.ts';

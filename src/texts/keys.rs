//! What the keys of the full screen do, one constant each.
#![expect(missing_docs, reason = "each is what the key of its name does")]

use super::Both;

pub const SEND: Both = Both { en: "send", zh: "发送" };
pub const OLDER: Both =
    Both { en: "a line up; what was typed before", zh: "上一行；历史输入" };
pub const NEWER: Both =
    Both { en: "a line down; what was typed after", zh: "下一行；历史输入" };
pub const COMPLETE: Both = Both {
    en: "complete a command, name or room; the next one",
    zh: "补全命令、名字或房间；下一个",
};
pub const COMPLETE_BACK: Both = Both { en: "the one before", zh: "补全上一个" };
pub const FIND_TYPED: Both =
    Both { en: "look for what was typed before", zh: "查找历史输入" };
pub const EDITOR: Both = Both { en: "edit the line with $EDITOR", zh: "用 $EDITOR 编辑" };
pub const BEFORE: Both = Both { en: "the place before", zh: "上一个房间" };
pub const BEHIND: Both = Both { en: "the next place", zh: "下一个房间" };
pub const NUMBER: Both = Both { en: "the place of this number", zh: "按编号前往房间" };
pub const ACTIVE: Both =
    Both { en: "the next place with something new", zh: "下一个有新消息的房间" };
pub const PAGE_UP: Both = Both {
    en: "back in the talk; older messages are fetched",
    zh: "向上翻页；自动加载更早的消息",
};
pub const PAGE_DOWN: Both = Both { en: "forward in the talk", zh: "向下翻页" };
pub const TOP: Both = Both { en: "the oldest message that is here", zh: "最早的消息" };
pub const BOTTOM: Both = Both { en: "the newest message", zh: "最新的消息" };
pub const UNREAD: Both = Both { en: "the first unread message", zh: "第一条未读消息" };
pub const MENTION_BEFORE: Both =
    Both { en: "where you were mentioned before", zh: "上一条提到你的消息" };
pub const MENTION_BEHIND: Both =
    Both { en: "where you were mentioned next", zh: "下一条提到你的消息" };
pub const FIND_TEXT: Both = Both { en: "find a text in this place", zh: "在此查找文字" };
pub const PICK: Both = Both {
    en: "choose a message, to answer or to change it",
    zh: "选择一条消息来回复或修改",
};
pub const PLACES: Both =
    Both { en: "show or hide the list of places", zh: "显示或隐藏房间列表" };
pub const PEOPLE: Both =
    Both { en: "show or hide who is there", zh: "显示或隐藏成员列表" };
pub const REDRAW: Both = Both { en: "draw the screen anew", zh: "重绘屏幕" };
pub const CANCEL: Both =
    Both { en: "away with the line; twice: leave", zh: "清除输入；按两次退出" };
pub const END: Both = Both {
    en: "delete to the right; on an empty line: leave",
    zh: "向右删除；空行时退出",
};
pub const BACK: Both = Both {
    en: "back: to the newest message, out of a list",
    zh: "返回最新消息，关闭列表",
};
pub const SUSPEND: Both =
    Both { en: "to the shell; fg leads back", zh: "挂起到 shell；fg 返回" };
pub const LEFT: Both = Both { en: "left", zh: "左移" };
pub const RIGHT: Both = Both { en: "right", zh: "右移" };
pub const WORD_LEFT: Both = Both { en: "a word left", zh: "左移一词" };
pub const WORD_RIGHT: Both = Both { en: "a word right", zh: "右移一词" };
pub const LINE_HOME: Both = Both { en: "to the beginning of the line", zh: "移到行首" };
pub const LINE_END: Both = Both { en: "to the end of the line", zh: "移到行尾" };
pub const DELETE_LEFT: Both = Both { en: "delete to the left", zh: "向左删除" };
pub const DELETE_RIGHT: Both = Both { en: "delete to the right", zh: "向右删除" };
pub const CUT_WORD_LEFT: Both = Both { en: "cut the word to the left", zh: "剪切左边的词" };
pub const CUT_WORD_RIGHT: Both = Both { en: "cut the word to the right", zh: "剪切右边的词" };
pub const CUT_TO_HOME: Both =
    Both { en: "cut to the beginning of the line", zh: "剪切到行首" };
pub const CUT_TO_END: Both = Both { en: "cut to the end of the line", zh: "剪切到行尾" };
pub const YANK: Both = Both { en: "put in what was cut", zh: "插入剪切的内容" };
pub const SWAP: Both = Both { en: "swap two characters", zh: "交换两个字符" };
pub const NEWLINE: Both = Both { en: "a new line in the text", zh: "换行" };

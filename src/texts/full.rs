//! What people read on the full screen, beyond what the client says in the same words.

use super::Lang;
use super::client::bare;
use crate::protocol::Measure;

/// Texts without a gap to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say which; the texts stand below")]
pub enum Label {
    Lobby,
    Start,
    Server,
    Kind,
    HasAccount,
    IsNew,
    Who,
    Name,
    Password,
    Again,
    Code,
    Looking,
    Asking,
    StartKeys,
    NoServerHint,
    BadWho,
    BadName,
    BadPassword,
    Differ,
    NoCode,
    LeaveAgain,
    Leaving,
    PasswdDone,
    BackAgain,
    TooMuchWaits,
    Unread,
    Rooms,
    NoRooms,
    MoreMembers,
    Help,
    HelpIntro,
    Keys,
    States,
    PartInstead,
    LineKept,
    Moved,
    NotInRoom,
    NoSuchPlace,
    NothingRefused,
    NothingNew,
    NothingFound,
    SearchOn,
    NotReached,
    LookingBack,
    NoMentions,
    Mentions,
    PasteTooLong,
    PanelKeys,
    PickKeys,
    PickWaitingKeys,
    PickOnItsWay,
    PickRefusedKeys,
    NothingToPick,
    OnItsWay,
    Entering,
    FirstStored,
    FindTyped,
    Connecting,
    NotLoggedIn,
    TooSmall,
    NoEditor,
    NoEnds,
    Devices,
    Deleted,
    Edited,
    Sanctions,
    /// Title of who asks for an account.
    Applicants,
    Audit,
    Nobody,
}

impl Label {
    /// The text.
    pub fn text(self, lang: Lang) -> &'static str {
        let (en, zh) = self.pair();
        match lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn pair(self) -> (&'static str, &'static str) {
        match self {
            Self::Lobby => ("lobby", "大厅"),
            Self::Start => ("Welcome to the chat", "欢迎使用聊天系统"),
            Self::Server => ("Server", "服务器"),
            Self::Kind => ("You", "身份"),
            Self::HasAccount => ("have an account here", "已有账号"),
            Self::IsNew => ("are new here", "新用户"),
            Self::Who => ("Id or name", "id 或名字"),
            Self::Name => ("Your name", "名字"),
            Self::Password => ("Password", "密码"),
            Self::Again => ("Once more", "再次输入"),
            Self::Code => ("Invitation", "邀请码"),
            Self::Looking => ("looking for it…", "正在连接…"),
            Self::Asking => ("One moment…", "请稍候…"),
            Self::StartKeys => (
                "Enter: go on   Up/Down: move   Left/Right: choose   Ctrl-C twice: leave",
                "Enter 继续   上/下 移动   左/右 选择   按两次 Ctrl-C 退出",
            ),
            Self::NoServerHint => (
                "Is the address right? Type another one, or press Enter to try again. \
                 To run a server of your own on this machine: cargo run --release --bin server",
                "地址正确吗？可以输入另一个地址，或按 Enter 重试。\
                 在本机启动服务器: cargo run --release --bin server",
            ),
            Self::BadWho => {
                ("Type the id or the name of your account.", "请输入账号的 id 或名字。")
            }
            Self::BadName => (
                "A name needs a letter, at most 64 bytes, and cannot be a number.",
                "名字至少要有一个字母或汉字，最长 64 字节，不能是纯数字。",
            ),
            Self::BadPassword => ("A password has 1 to 256 bytes.", "密码长度为 1 到 256 字节。"),
            Self::Differ => ("The two passwords differ.", "两次输入的密码不一致。"),
            Self::NoCode => (
                "New accounts need an invitation here: type its code.",
                "这里注册需要邀请码，请输入。",
            ),
            Self::LeaveAgain => ("Press Ctrl-C again to leave.", "再按一次 Ctrl-C 退出。"),
            Self::Leaving => ("Leaving…", "正在退出…"),
            Self::PasswdDone => ("Your password is changed.", "密码已修改。"),
            Self::BackAgain => ("Connected and logged in again.", "已重新连接并登录。"),
            Self::TooMuchWaits => {
                ("too much waits for the server; try again later", "等待发送的消息太多，请稍后再试")
            }
            Self::Unread => ("new", "新消息"),
            Self::Rooms => ("Rooms, and how many are there", "房间及在线人数"),
            Self::NoRooms => {
                ("There are none. To make one: /create NAME", "还没有房间。新建房间: /create NAME")
            }
            Self::MoreMembers => ("There are more than these.", "还有更多成员未列出。"),
            Self::Help => ("Commands", "命令"),
            Self::HelpIntro => (
                "What begins with / is a command, anything else is said here. /keys lists the keys.",
                "以 / 开头的是命令，其他内容会作为消息发送。/keys 查看按键。",
            ),
            Self::Keys => ("Keys", "按键"),
            Self::States => (
                "Behind your words: … waiting, ✓ stored, ✓✓ delivered, green: read.",
                "消息后的标记: … 等待，✓ 已保存，✓✓ 已送达，绿色为已读。",
            ),
            Self::PartInstead => (
                "You are a member of this room: /part leaves it for good.",
                "你是这个房间的成员: 用 /part 退出。",
            ),
            Self::LineKept => (
                "What you had begun there is kept: Up brings it back.",
                "你在那里未发送的内容已保留: 按 上 键取回。",
            ),
            Self::Moved => (
                "You are not in that room any more: Enter once more sends this here.",
                "你已不在刚才的房间: 再按一次 回车 才会发送到这里。",
            ),
            Self::NotInRoom => {
                ("You are not in this room; nothing was sent.", "你不在这个房间，消息未发送。")
            }
            Self::NoSuchPlace => {
                ("There is no such place in your list.", "列表中没有这个房间或联系人。")
            }
            Self::NothingRefused => ("Nothing here was refused.", "这里没有被拒绝的消息。"),
            Self::NothingFound => ("Nothing was found.", "没有找到。"),
            Self::SearchOn => ("There may be more: go on", "可能还有更多：继续搜索"),
            Self::NotReached => (
                "It is not to be found any more, or too far back.",
                "找不到这条消息，或者时间太久远。",
            ),
            Self::LookingBack => ("Going back to it…", "正在查找较早的消息…"),
            Self::NothingNew => ("Nothing new.", "没有新消息。"),
            Self::NoMentions => ("Nobody has mentioned you there.", "没有提到你的消息。"),
            Self::Mentions => ("Where you were mentioned", "提到你的消息"),
            Self::PasteTooLong => {
                ("That is too long; nothing of it was taken.", "内容太长，没有粘贴任何内容。")
            }
            Self::PanelKeys => (
                "Enter goes there, Esc back; Up/Down, PageDown",
                "Enter 前往，Esc 返回，上/下/翻页 移动",
            ),
            Self::PickKeys => (
                "r answer, e change, d delete, + react, Up/Down choose, Esc back",
                "r 回复，e 修改，d 删除，+ 回应，上/下 选择，Esc 返回",
            ),
            Self::PickWaitingKeys => (
                "Not sent yet. e change, d drop, Up/Down choose, Esc back",
                "尚未发送。e 修改，d 不再发送，上/下 选择，Esc 返回",
            ),
            Self::PickOnItsWay => (
                "On its way; once stored, it can be changed. Up/Down choose, Esc back",
                "正在发送，保存后才能修改。上/下 选择，Esc 返回",
            ),
            Self::PickRefusedKeys => (
                "Refused. s send again, e change, d drop, Up/Down choose, Esc back",
                "未发送。s 重发，e 修改，d 丢弃，上/下 选择，Esc 返回",
            ),
            Self::NothingToPick => ("Nothing was said here yet.", "这里还没有消息。"),
            Self::OnItsWay => (
                "Too late: it is on its way. Once it is stored, /delete takes it back.",
                "已经发出，无法取消。保存后可用 /delete 撤回。",
            ),
            Self::Entering => (
                "You are not in the room yet: press Enter again when you are.",
                "还没有进入房间，进入后请再按 Enter。",
            ),
            Self::FirstStored => (
                "First what waits has to be stored, or be taken back by Alt-K.",
                "请先等待消息保存，或用 Alt-K 取消发送。",
            ),
            Self::FindTyped => ("typed before", "历史输入"),
            Self::Connecting => ("connecting…", "正在连接…"),
            Self::NotLoggedIn => ("not logged in", "未登录"),
            Self::TooSmall => ("too small", "窗口太小"),
            Self::Applicants => ("Who asks for an account", "账号申请"),
            Self::Sanctions => ("Banned, muted or slowed here", "此处的禁入、禁言和慢速"),
            Self::Audit => ("What was done to keep order", "管理记录"),
            Self::Nobody => ("Nobody.", "没有。"),
            Self::Deleted => ("(taken back)", "（已撤回）"),
            Self::Edited => ("(changed)", "（已修改）"),
            Self::Devices => (
                "Your devices, last use, address; *: this one. /logout NAME",
                "你的设备、上次使用、地址；* 为本机。/logout 设备名",
            ),
            Self::NoEnds => {
                ("left before everything was known to be stored", "退出时仍有消息不确定是否已保存")
            }
            Self::NoEditor => (
                "The editor did not work; your line is as it was. EDITOR names the program.",
                "编辑器未能运行，输入内容保持不变。可用 EDITOR 指定编辑器。",
            ),
        }
    }
}

/// Texts with gaps to fill in. What comes from others must be clean already.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say which; the texts stand below")]
pub enum Tell<'a> {
    FirstMet { address: &'a str, fingerprint: &'a str },
    New { id: i64, name: &'a str },
    Welcome { name: &'a str },
    Renamed { name: &'a str },
    MoreRooms { after: &'a str },
    Online { count: usize },
    CameAll { names: &'a str },
    LeftAll { names: &'a str },
    Later { why: &'a str },
    Refused { why: &'a str },
    SaidTo { name: &'a str },
    NotFound { text: &'a str },
    Found { words: &'a str },
    FindText { part: &'a str },
    Entered { room: &'a str, topic: &'a str },
    Joined { by: &'a str },
    Parted { by: &'a str },
    Kicked { by: &'a str, whom: &'a str, room: &'a str, why: &'a str },
    Invited { by: &'a str, whom: &'a str, room: &'a str },
    Role { by: &'a str, whom: &'a str, role: &'a str },
    Closed { by: &'a str, room: &'a str },
    Topic { by: &'a str, topic: &'a str },
    Access { by: &'a str, access: &'a str },
    Ordered(Ordered<'a>),
    Pasted { lines: usize, bytes: usize },
    Below { count: usize },
    Waiting { count: usize },
    Lost { why: &'a str, seconds: Option<i64> },
    More { count: usize },
    DeviceEnded { name: &'a str, count: u64 },
    Typing { names: &'a str },
    Gone { why: &'a str },
    NotDone { why: &'a str },
    Answers { name: &'a str, text: &'a str },
    Did { by: &'a str, act: &'a str, whom: &'a str, why: &'a str },
}

impl Tell<'_> {
    /// The text.
    pub fn text(self, lang: Lang) -> String {
        match lang {
            Lang::En => self.en(),
            Lang::Zh => self.zh(),
        }
    }

    fn en(self) -> String {
        match self {
            Self::FirstMet { address, fingerprint } => format!(
                "{address} is met for the first time and trusted from now on; its certificate is \
                 {fingerprint}."
            ),
            Self::New { id, name } => format!(
                "Welcome, {name}. Your id is {id}: with it you can always log in. \
                 /help lists commands, /rooms the rooms."
            ),
            Self::Welcome { name } => format!("Welcome, {name}. /help lists commands."),
            Self::Renamed { name } => format!("You are called {name} now."),
            Self::MoreRooms { after } => format!("There are more: /rooms {after}"),
            Self::Online { count } => format!("Online: {count}"),
            Self::CameAll { names } => format!("{names} came"),
            Self::LeftAll { names } => format!("{names} left"),
            Self::Later { why } => format!("(not yet stored: {why}; sent again by itself)"),
            Self::Refused { why } => format!("(not sent: {}; /resend)", bare(why)),
            Self::SaidTo { name } => format!("Sent to {name}."),
            Self::NotFound { text } => format!("Not found here: {text}   (Enter: ask the server)"),
            Self::Found { words } => format!("Found: {words}"),
            Self::FindText { part } => {
                format!("find here: {part}   (Ctrl-S: further up, Enter: ask the server)")
            }
            Self::Entered { room, topic: "" } => format!("you are in {room} now"),
            Self::Entered { room, topic } => format!("you are in {room} now: {topic}"),
            Self::Joined { by } => format!("{by} joined"),
            Self::Parted { by } => format!("{by} left"),
            Self::Kicked { by, whom, room, why: "" } => format!("{by} put {whom} out of {room}"),
            Self::Kicked { by, whom, room, why } => {
                format!("{by} put {whom} out of {room}: {why}")
            }
            Self::Invited { by, whom, room } => {
                format!("{by} invites {whom} to {room}; to come in: /join {room}")
            }
            Self::Role { by, whom, role } => format!("{by} made {whom} {role}"),
            Self::Closed { by, room } => format!("{by} closed {room}; it is no more"),
            Self::Topic { by, topic: "" } => format!("{by} took the topic away"),
            Self::Topic { by, topic } => format!("{by} changed the topic: {topic}"),
            Self::Access { by, access } => format!("{access} ({by})"),
            Self::Ordered(order) => because(order.ordered_en(), order.why),
            Self::Pasted { lines, bytes } => {
                format!("{lines} lines: s send, e edit, Esc drop them ({bytes} bytes pasted)")
            }
            Self::Below { count } => format!("{count} new below"),
            Self::Waiting { count } => format!("{count} waiting to be stored"),
            Self::Lost { why, seconds: None } => format!("no connection: {why}"),
            Self::Lost { why, seconds: Some(seconds) } => {
                format!("no connection: {why}; next try in {seconds} s")
            }
            Self::More { count } => format!("+{count} more"),
            Self::DeviceEnded { name, count } => {
                format!("{name} is logged out; connections ended: {count}")
            }
            Self::Typing { names } => format!("writing: {names}"),
            Self::Gone { why } => format!("The connection is lost: {why}"),
            Self::NotDone { why } => format!("Not changed: {why}"),
            Self::Answers { name, text } => format!("↪ {name}: {text}"),
            Self::Did { by, act, whom, why: "" } => format!("{by}: {act} {whom}"),
            Self::Did { by, act, whom, why } => format!("{by}: {act} {whom}: {why}"),
        }
    }

    fn zh(self) -> String {
        match self {
            Self::FirstMet { address, fingerprint } => {
                format!("首次连接 {address}，今后只信任它的证书: {fingerprint}。")
            }
            Self::New { id, name } => format!(
                "欢迎 {name}。你的 id 是 {id}，随时可用它登录。/help 查看命令，/rooms 查看房间。"
            ),
            Self::Welcome { name } => format!("欢迎 {name}。/help 查看命令。"),
            Self::Renamed { name } => format!("名字已改为 {name}。"),
            Self::MoreRooms { after } => format!("还有更多: /rooms {after}"),
            Self::Online { count } => format!("在线 {count} 人"),
            Self::CameAll { names } => format!("{names} 上线"),
            Self::LeftAll { names } => format!("{names} 离开"),
            Self::Later { why } => format!("(暂未保存: {why}，将自动重发)"),
            Self::Refused { why } => format!("(未发送: {}，/resend 重发)", bare(why)),
            Self::SaidTo { name } => format!("已发送给 {name}。"),
            Self::NotFound { text } => format!("这里没有找到: {text}   （Enter 在服务器上搜索）"),
            Self::Found { words } => format!("搜索结果: {words}"),
            Self::FindText { part } => {
                format!("在此查找: {part}   （Ctrl-S 继续向上，Enter 在服务器上搜索）")
            }
            Self::Entered { room, topic: "" } => format!("已进入 {room}"),
            Self::Entered { room, topic } => format!("已进入 {room}: {topic}"),
            Self::Joined { by } => format!("{by} 加入了房间"),
            Self::Parted { by } => format!("{by} 退出了房间"),
            Self::Kicked { by, whom, room, why: "" } => format!("{by} 将 {whom} 移出 {room}"),
            Self::Kicked { by, whom, room, why } => format!("{by} 将 {whom} 移出 {room}: {why}"),
            Self::Invited { by, whom, room } => {
                format!("{by} 邀请 {whom} 加入 {room}: /join {room}")
            }
            Self::Role { by, whom, role } => format!("{by} 将 {whom} 设为 {role}"),
            Self::Closed { by, room } => format!("{by} 关闭了 {room}"),
            Self::Topic { by, topic: "" } => format!("{by} 清除了话题"),
            Self::Topic { by, topic } => format!("{by} 修改了话题: {topic}"),
            Self::Access { by, access } => format!("{access}（{by}）"),
            Self::Ordered(order) => because(order.ordered_zh(), order.why),
            Self::Pasted { lines, bytes } => {
                format!("{lines} 行: s 发送，e 编辑，Esc 丢弃（粘贴了 {bytes} 字节）")
            }
            Self::Below { count } => format!("下方有 {count} 条新消息"),
            Self::Waiting { count } => format!("{count} 条等待保存"),
            Self::Lost { why, seconds: None } => format!("连接已断开: {why}"),
            Self::Lost { why, seconds: Some(seconds) } => {
                format!("连接已断开: {why}，{seconds} 秒后重试")
            }
            Self::More { count } => format!("另有 {count} 人"),
            Self::DeviceEnded { name, count } => format!("{name} 已退出登录，断开 {count} 个连接"),
            Self::Typing { names } => format!("{names} 正在输入"),
            Self::Gone { why } => format!("连接已断开: {why}"),
            Self::NotDone { why } => format!("未修改: {why}"),
            Self::Answers { name, text } => format!("↪ {name}: {text}"),
            Self::Did { by, act, whom, why: "" } => format!("{by}: {act} {whom}"),
            Self::Did { by, act, whom, why } => format!("{by}: {act} {whom}: {why}"),
        }
    }
}

/// Somebody was banned, muted or slowed in a room, or is so no longer.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say which; the texts stand below")]
pub struct Ordered<'a> {
    pub by: &'a str,
    pub whom: &'a str,
    pub room: &'a str,
    pub what: (Measure, bool),
    /// The seconds of slow mode.
    pub every: u32,
    /// For how long, as [`super::holds`] says it.
    pub holds: &'a str,
    pub why: &'a str,
}

impl Ordered<'_> {
    fn ordered_en(self) -> String {
        let Self { by, whom, room, every, holds, .. } = self;
        match self.what {
            (Measure::Ban, true) if room.is_empty() => {
                format!("{by} banned {whom} from the server{holds}")
            }
            (Measure::Ban, true) => format!("{by} banned {whom} from {room}{holds}"),
            (Measure::Ban, false) => format!("{whom} may come in again ({by})"),
            (Measure::Mute, true) => format!("{by} muted {whom}{holds}"),
            (Measure::Mute, false) => format!("{whom} may speak again ({by})"),
            (Measure::Slow, true) => format!("{whom}: one message in {every} s{holds} ({by})"),
            (Measure::Slow, false) => format!("slow mode is off for {whom} ({by})"),
        }
    }

    fn ordered_zh(self) -> String {
        let Self { by, whom, room, every, holds, .. } = self;
        match self.what {
            (Measure::Ban, true) if room.is_empty() => format!("{by} 封禁了 {whom}{holds}"),
            (Measure::Ban, true) => format!("{by} 禁止 {whom} 进入 {room}{holds}"),
            (Measure::Ban, false) => format!("{whom} 已解除封禁（{by}）"),
            (Measure::Mute, true) => format!("{by} 禁言了 {whom}{holds}"),
            (Measure::Mute, false) => format!("{whom} 已解除禁言（{by}）"),
            (Measure::Slow, true) => format!("{whom}：每 {every} 秒一条消息{holds}（{by}）"),
            (Measure::Slow, false) => format!("{whom} 的慢速模式已关闭（{by}）"),
        }
    }
}

fn because(what: String, why: &str) -> String {
    if why.is_empty() { what } else { format!("{what}: {why}") }
}

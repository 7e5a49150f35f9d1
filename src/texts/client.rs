//! What people read in the client, beyond what the server says in the same words.

use super::Lang;

/// Texts without a gap to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say which; the texts stand below")]
pub enum Fixed {
    MainMenu,
    MainChoice,
    RoomMenu,
    RoomChoice,
    NoSuchChoice,
    AskWho,
    AskPassword,
    AskNewId,
    AskNewName,
    AskNewPassword,
    AskPasswordAgain,
    AskCode,
    PasswordsDiffer,
    BadId,
    AskPeer,
    AllPrompt,
    TalkHint,
    NobodyWaited,
    Online,
    Private,
    NoAnswer,
    LoggedOut,
    LeaveAgain,
    Leaving,
    Help,
    RenameDone,
    NothingFound,
    PasswdDone,
    OutOfDevices,
    WhoseAccount,
    NoPassword,
    NoFolder,
    ServerClosed,
    ServerSilent,
    ServerStuck,
    NoServer,
    NeedsTls,
    Also,
}

impl Fixed {
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
            Self::MainMenu => (MAIN_MENU_EN, MAIN_MENU_ZH),
            Self::MainChoice => {
                ("                 Choose (1-3): ", "                 请选择(1-3): ")
            }
            Self::RoomMenu => (ROOM_MENU_EN, ROOM_MENU_ZH),
            Self::RoomChoice => {
                ("                 Choose (1-5): ", "                 请选择(1-5): ")
            }
            Self::NoSuchChoice => ("There is no such choice.", "你输入的选项不正确。"),
            Self::AskWho => ("User id or name: ", "请输入用户id或名字: "),
            Self::AskPassword => ("Password: ", "请输入密码: "),
            Self::AskNewId => {
                ("User id (a number; empty: you get one): ", "请输入用户id(数字，留空则自动分配): ")
            }
            Self::AskNewName => {
                ("Name to be shown (empty: the id): ", "请输入用户名字(留空则用id): ")
            }
            Self::AskNewPassword => ("Choose a password: ", "请设置密码: "),
            Self::AskPasswordAgain => ("The same password again: ", "请再输入一次密码: "),
            Self::AskCode => ("Invitation code (empty: none): ", "请输入邀请码(留空则放弃): "),
            Self::PasswordsDiffer => ("The two passwords differ.", "两次输入的密码不一致。"),
            Self::BadId => ("A user id is a whole number from 1.", "用户id必须是正整数。"),
            Self::AskPeer => ("To whom (id or name): ", "发送给谁(id或名字): "),
            Self::AllPrompt => ("all", "大家"),
            Self::TalkHint => (
                "Every line is sent; an empty line leads back to the menu, /help shows more.",
                "每行一条消息；空行返回菜单，/help 查看命令。",
            ),
            Self::NobodyWaited => ("Nothing came while you were away.", "没有离线消息。"),
            Self::Online => ("Online:", "当前在线用户列表:"),
            Self::Private => ("(private)", "(私聊)"),
            Self::NoAnswer => ("The server does not answer.", "服务器没有响应。"),
            Self::LoggedOut => ("You are not logged in any more.", "你已不在登录状态。"),
            Self::LeaveAgain => ("Press Ctrl-C again to leave.", "再按一次 Ctrl-C 退出。"),
            Self::Leaving => ("Goodbye.", "你退出了系统。"),
            Self::Help => (HELP_EN, HELP_ZH),
            Self::NothingFound => ("Nothing was found.", "没有找到。"),
            Self::RenameDone => ("Your name is changed.", "名字已修改。"),
            Self::PasswdDone => ("Your password is changed.", "密码已修改。"),
            Self::WhoseAccount => (
                "whose account? Say --user ID|NAME, or log in once: client login ID|NAME",
                "请指明账号: --user ID|名字，或先登录一次: client login ID|名字",
            ),
            Self::NoPassword => (
                "no login is kept here for this account that is still good, and no password is \
                 known: client login, --password-cmd, --password-file or HUBBUB_PASSWORD",
                "本机没有保存该账号的有效登录，也没有密码: 请用 client login、--password-cmd、\
                 --password-file 或 HUBBUB_PASSWORD",
            ),
            Self::NoFolder => (
                "there is no place to keep a login, for HOME is not set",
                "没有设置 HOME，无法保存登录",
            ),
            Self::ServerClosed => ("the server closed it", "服务器关闭了连接"),
            Self::ServerSilent => ("the server is silent", "服务器没有响应"),
            Self::ServerStuck => ("the server takes nothing any more", "服务器不再接收数据"),
            Self::NoServer => ("this is no Hubbub server", "对方不是本系统的服务器"),
            Self::NeedsTls => (
                "it takes encrypted connections only: start the client with --tls, or --ca FILE",
                "服务器只接受加密连接，请用 --tls 或 --ca FILE 启动客户端",
            ),
            // Between a time and what is to be known besides.
            Self::Also => (", ", "，"),
            Self::OutOfDevices => (
                "cannot keep a device name, so messages may come again at the next start",
                "无法保存设备名，下次启动时可能重复收到消息",
            ),
        }
    }
}

const MAIN_MENU_EN: &str = "\
----------------Welcome to the chat room----------------
                 1 Log in
                 2 Register
                 3 Leave";
const MAIN_MENU_ZH: &str = "\
----------------欢迎登陆多人聊天系统------------
                 1 登陆聊天室
                 2 注册用户
                 3 退出系统";
const ROOM_MENU_EN: &str = "\
--------------------------------------------------------
                 1 Who is online
                 2 Talk to all
                 3 Talk to one
                 4 What came while you were away
                 5 Leave";
const ROOM_MENU_ZH: &str = "\
------------------------------------------------
                 1 显示在线用户列表
                 2 发送消息
                 3 私聊
                 4 信息列表
                 5 退出系统";
const HELP_EN: &str = "\
/msg WHO TEXT      to one, by id or name (\"quotes\" around a name with blanks)
/who               who is online
/history ROOM [N]  the last messages, numbered; ROOM: lobby, #name, @100,200
/edit ROOM ID TEXT another text for a message; /delete ROOM ID takes it back
/reply ROOM ID TEXT  answers it; /react ROOM ID EMOJI reacts to it
/search ROOM|* WORDS   messages with all these words; *: in all your rooms
/rename NAME       another display name
/away [TEXT]       you are away; /busy: busy; /back: neither
/delete-account PASSWORD [erase]   your account is no more; your messages stay,
                   or are erased
/ignore [WHO]      nothing more from them, or whom you ignore; /unignore WHO
/export FILE       what is yours, into a new file
/devices           the devices of your account; /logout DEVICE logs one out
/passwd OLD NEW    another password
/receipts on|off   whether others see what reached you and what you have read
                   (delivered: only what reached you)
/help              this
/quit              leave
//text             a text that begins with a slash";
const HELP_ZH: &str = "\
/msg WHO TEXT      私聊，WHO 是 id 或名字（名字含空格时加双引号）
/who               在线用户
/history ROOM [N]  最近的消息及编号；ROOM 是 lobby、#房间名或 @100,200
/edit ROOM ID TEXT 修改消息；/delete ROOM ID 收回消息
/reply ROOM ID TEXT  回复；/react ROOM ID EMOJI 用表情回应
/search ROOM|* WORDS   搜索含有这些字词的消息；* 表示所有房间
/rename NAME       修改名字
/away [TEXT]       设为离开；/busy 忙碌；/back 恢复在线
/delete-account PASSWORD [erase]   删除你的账号；消息保留，加 erase 则一并清除
/ignore [WHO]      屏蔽某人；不带名字则列出屏蔽的人；/unignore WHO 解除
/export FILE       把你的数据导出到新文件
/devices           列出账号的设备；/logout 设备名 让它退出登录
/passwd OLD NEW    修改密码
/receipts on|off   对方能否看到消息已送达、已读（delivered: 只显示已送达）
/help              本帮助
/quit              退出
//text             以斜杠开头的消息";

/// Why, where it is said already that a message was not sent.
pub(super) fn bare(why: &str) -> &str {
    let said = ["not sent: ", "not stored, ", "没有发送：", "没有保存，"];
    said.iter().find_map(|said| why.strip_prefix(said)).unwrap_or(why)
}

/// Texts with gaps to fill in. What comes from others must be clean already.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say which; the texts stand below")]
pub enum Notice<'a> {
    NotThere { address: &'a str, why: &'a str },
    Insecure { address: &'a str, why: &'a str },
    FirstMet { address: &'a str, fingerprint: &'a str },
    Disconnected { why: &'a str, will_retry: bool },
    BackAgain,
    LoggedIn { name: &'a str, n_online: u64 },
    LoginRefused { why: &'a str },
    Registered { id: i64 },
    Asked { words: &'a str },
    RegisterRefused { why: &'a str },
    Refused { why: &'a str },
    NotSent { text: &'a str, why: &'a str },
    SentLater { text: &'a str, why: &'a str },
    NoEnd { text: &'a str },
    Came { name: &'a str },
    Left { name: &'a str },
    TimedOut { name: &'a str },
    Crowd { n_online: u64, came: u64, left: u64 },
    Renamed { id: i64, name: &'a str },
    Skipped { count: u64 },
    Stored { name: &'a str },
    Delivered { name: &'a str },
    Read { name: &'a str },
    ReceiptsDone { delivered: bool, read: bool },
    UnknownCommand { command: &'a str },
    Usage { usage: &'a str },
    Nobody { name: &'a str },
    Several { ids: &'a str },
    MayHaveWorked,
    NobodyOnline { name: &'a str },
    LoginKept { id: i64, name: &'a str, address: &'a str },
    Exported { file: &'a str },
    NotExported { why: &'a str },
    Unprinted { why: &'a str },
    OtherCertificate { address: &'a str, now: &'a str, before: &'a str, list: &'a str },
}

impl Notice<'_> {
    /// The text.
    pub fn text(self, lang: Lang) -> String {
        match lang {
            Lang::En => self.en(),
            Lang::Zh => self.zh(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn en(self) -> String {
        match self {
            Self::NotThere { address, why } => format!("no server answers at {address}: {why}"),
            Self::Insecure { address, why } => format!("no safe connection to {address}: {why}"),
            Self::FirstMet { address, fingerprint } => format!(
                "{address} is met for the first time and trusted from now on; its certificate is \
                 {fingerprint}."
            ),
            Self::Disconnected { why, will_retry: false } => format!("Connection lost: {why}."),
            Self::Disconnected { why, will_retry: true } => {
                format!("Connection lost: {why}. Trying again until it works.")
            }
            Self::BackAgain => "Connected and logged in again.".to_owned(),
            Self::LoggedIn { name, n_online } => format!("Welcome, {name}. Online: {n_online}."),
            Self::LoginRefused { why } => format!("Login refused: {why}."),
            Self::Registered { id } => format!("Registered. Your user id is {id}; now log in."),
            Self::Asked { words } => format!("Registration: {words}."),
            Self::RegisterRefused { why } => format!("Registration refused: {why}."),
            Self::Refused { why } => format!("Refused: {why}."),
            Self::NotSent { text, why } => {
                format!("Not stored: {}. The text was: {text}", bare(why))
            }
            Self::SentLater { text, why } => {
                format!("Not stored yet: {}. It is sent again by and by: {text}", bare(why))
            }
            Self::NoEnd { text } => format!("Not known to be stored: {text}"),
            Self::Came { name } => format!("{name} is online."),
            Self::Left { name } => format!("{name} has left."),
            Self::TimedOut { name } => format!("{name} was silent for too long and has left."),
            Self::Crowd { n_online, came, left } => {
                format!("{came} came, {left} left. Online: {n_online}.")
            }
            Self::Renamed { id, name } => format!("{id} is called {name} now."),
            Self::Skipped { count: 1 } => "1 older message is not shown.".to_owned(),
            Self::Skipped { count } => format!("{count} older messages are not shown."),
            Self::Stored { name } => format!("(to {name}: stored)"),
            Self::Delivered { name } => format!("(to {name}: delivered)"),
            Self::Read { name } => format!("(to {name}: read)"),
            Self::ReceiptsDone { delivered, read } => match (delivered, read) {
                (true, true) => "Others see what reached you and what you have read.",
                (true, false) => "Others see what reached you, not what you have read.",
                (false, true) => "Others see what you have read, not what reached you.",
                (false, false) => "Others see neither what reached you nor what you have read.",
            }
            .to_owned(),
            Self::UnknownCommand { command } => {
                format!("There is no command {command}; nothing was sent. /help lists them.")
            }
            Self::Usage { usage } => format!("Usage: {usage}"),
            Self::Nobody { name } => format!("Nobody here is called {name}."),
            Self::Several { ids } => format!("Several bear this name: {ids}. Say the id."),
            Self::MayHaveWorked => "The connection broke before the answer came.".to_owned(),
            Self::NobodyOnline { name } => {
                format!("Nobody online, or more than one, is called {name}. Say the id.")
            }
            Self::LoginKept { id, name, address } => {
                format!("{name} ({id}) is logged in at {address}, and stays so here.")
            }
            Self::Exported { file } => format!("What is yours is in {file}."),
            Self::NotExported { why } => format!("Nothing is exported: {why}"),
            Self::Unprinted { why } => format!("Cannot write what was asked for: {why}"),
            Self::OtherCertificate { address, now, before, list } => format!(
                "the certificate of {address} is not the one from before: somebody may be in \
                 between. It is {now}, and was {before}. If its operator says that the new one \
                 is right, remove its line from {list}"
            ),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn zh(self) -> String {
        match self {
            Self::NotThere { address, why } => format!("连接不上服务器 {address}: {why}"),
            Self::Insecure { address, why } => format!("无法与 {address} 建立安全连接: {why}"),
            Self::FirstMet { address, fingerprint } => {
                format!("首次连接 {address}，今后只信任它的证书: {fingerprint}。")
            }
            Self::Disconnected { why, will_retry: false } => format!("连接已断开: {why}。"),
            Self::Disconnected { why, will_retry: true } => {
                format!("连接已断开: {why}。正在自动重连。")
            }
            Self::BackAgain => "已重新连接并登录。".to_owned(),
            Self::LoggedIn { name, n_online } => {
                format!("恭喜 {name} 登录成功。当前在线 {n_online} 人。")
            }
            Self::LoginRefused { why } => format!("登录失败: {why}。"),
            Self::Registered { id } => format!("注册成功，你的用户id是 {id}，请登录。"),
            Self::Asked { words } => format!("注册: {words}。"),
            Self::RegisterRefused { why } => format!("注册失败: {why}。"),
            Self::Refused { why } => format!("被拒绝: {why}。"),
            Self::NotSent { text, why } => format!("未保存: {}。消息内容: {text}", bare(why)),
            Self::SentLater { text, why } => {
                format!("暂未保存: {}。将自动重发: {text}", bare(why))
            }
            Self::NoEnd { text } => format!("不确定是否已保存: {text}"),
            Self::Came { name } => format!("{name} 上线了。"),
            Self::Left { name } => format!("{name} 离开了。"),
            Self::TimedOut { name } => format!("{name} 长时间未发言，已离开。"),
            Self::Crowd { n_online, came, left } => {
                format!("来了 {came} 人，走了 {left} 人。当前在线 {n_online} 人。")
            }
            Self::Renamed { id, name } => format!("{id} 改名为 {name}。"),
            Self::Skipped { count } => format!("另有 {count} 条更早的消息未显示。"),
            Self::Stored { name } => format!("(发给 {name}: 已保存)"),
            Self::Delivered { name } => format!("(发给 {name}: 已送达)"),
            Self::Read { name } => format!("(发给 {name}: 已读)"),
            Self::ReceiptsDone { delivered, read } => match (delivered, read) {
                (true, true) => "对方可以看到消息已送达和已读。",
                (true, false) => "对方可以看到消息已送达，看不到已读。",
                (false, true) => "对方可以看到消息已读，看不到已送达。",
                (false, false) => "对方看不到消息是否已送达或已读。",
            }
            .to_owned(),
            Self::UnknownCommand { command } => {
                format!("没有 {command} 这个命令，什么也没有发送。/help 查看命令。")
            }
            Self::Usage { usage } => format!("用法: {usage}"),
            Self::Nobody { name } => format!("没有找到 {name}。"),
            Self::Several { ids } => format!("有多个用户叫这个名字: {ids}，请用id。"),
            Self::MayHaveWorked => "连接在收到答复之前断开了。".to_owned(),
            Self::NobodyOnline { name } => {
                format!("在线用户中没有 {name}，或不止一个，请用id。")
            }
            Self::LoginKept { id, name, address } => {
                format!("{name} ({id}) 已登录 {address}，登录状态保存在本机。")
            }
            Self::Exported { file } => format!("你的数据已导出到 {file}。"),
            Self::NotExported { why } => format!("未能导出：{why}"),
            Self::Unprinted { why } => format!("无法写出结果: {why}"),
            Self::OtherCertificate { address, now, before, list } => format!(
                "{address} 的证书与以前不同，可能有人在中间冒充。现在是 {now}，以前是 {before}。\
                 如果管理员确认新证书无误，请从 {list} 中删去它那一行"
            ),
        }
    }
}

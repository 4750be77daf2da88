// The sandbox's pages: small notices, and the one page that is a mailbox, a list of webhooks, a shop to play with and the story
// so far. It is one document without anything from elsewhere; its script builds everything with text nodes, never with HTML.

enum Pages {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    /// A page that says one sentence. `html` is escaped by the caller where it is not ours.
    static func notice(_ html: String) -> String {
        """
        <!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
        <title>Bookbag sandbox</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;\
        padding:0 1rem;color-scheme:light dark}</style><p>\(html)</p></html>
        """
    }

    static let mailbox = #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Bookbag sandbox</title>
        <style>\#(style)</style>
        </head>
        <body>
        <header>
          <h1>Bookbag <span>sandbox</span></h1>
          <nav role="tablist">
            <button role="tab" data-tab="mail">Mail <b id="n-mail"></b></button>
            <button role="tab" data-tab="hooks">Webhooks <b id="n-hooks"></b></button>
            <button role="tab" data-tab="shop">Shop <b id="n-shop"></b></button>
            <button role="tab" data-tab="story">Story</button>
          </nav>
          <p id="state" aria-live="polite"></p>
        </header>
        <main id="main"><section id="list" aria-label="List"></section><section id="view" aria-label="Selected"></section></main>
        <div id="toast" role="status"></div>
        <script>\#(PageScript.text)</script>
        </body>
        </html>
        """#

    private static let style = """
        :root{color-scheme:light dark;--bg:#f6f5f1;--panel:#fff;--ink:#23211d;--soft:#6d685e;--line:#e3dfd5;--accent:#2f5d50;
        --tint:#e7efec;--bad:#a63a2b;--good:#2f6b3f}
        @media(prefers-color-scheme:dark){:root{--bg:#191816;--panel:#22211e;--ink:#ece9e1;--soft:#a39d90;--line:#37342e;
        --accent:#8fc1b1;--tint:#2b3532;--bad:#e58a7b;--good:#8cc79b}}
        *{box-sizing:border-box}
        html,body{height:100%;margin:0}
        body{display:flex;flex-direction:column;background:var(--bg);color:var(--ink);
        font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        button,input,select{font:inherit;color:inherit}a{color:var(--accent)}
        header{display:flex;align-items:center;gap:1.25rem;padding:0 1rem;background:var(--panel);
        border-bottom:1px solid var(--line);flex:none;min-height:3.25rem}
        h1{font-size:1.05rem;margin:0;letter-spacing:.01em}h1 span{font-weight:400;color:var(--soft)}
        nav{display:flex;gap:.15rem;align-self:stretch}
        nav button{border:0;background:none;padding:0 .85rem;border-bottom:2px solid transparent;cursor:pointer;color:var(--soft)}
        nav button[aria-selected=true]{color:var(--ink);border-bottom-color:var(--accent);font-weight:600}
        nav b{font-weight:600;font-size:.78rem;background:var(--tint);color:var(--accent);padding:.05rem .42rem;
        border-radius:1rem;margin-left:.2rem}nav b:empty{display:none}
        #state{margin:0 0 0 auto;color:var(--soft);font-size:.85rem;white-space:nowrap}
        main{flex:1;display:grid;grid-template-columns:minmax(17rem,25rem) 1fr;min-height:0}
        main.wide{grid-template-columns:1fr}main.wide #view{display:none}main.wide #list{border:0}
        #list{overflow:auto;border-right:1px solid var(--line);background:var(--panel)}
        main.wide #list{background:var(--bg);padding:1rem}
        #view{overflow:auto;display:flex;flex-direction:column;min-width:0}
        .row{display:block;width:100%;text-align:left;border:0;border-bottom:1px solid var(--line);background:none;
        padding:.65rem 1rem .7rem;cursor:pointer;border-left:3px solid transparent}
        .row:hover{background:var(--tint)}
        .row[aria-current=true]{background:var(--tint);border-left-color:var(--accent)}
        .row.fresh .subject{font-weight:650}
        .top{display:flex;gap:.6rem;justify-content:space-between;align-items:baseline}
        .who,.subject{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .who{color:var(--soft);font-size:.85rem}.subject{display:block;margin:.1rem 0 .25rem}
        time,.when{color:var(--soft);font-size:.8rem;white-space:nowrap;font-variant-numeric:tabular-nums}
        .chip{display:inline-block;font-size:.74rem;line-height:1.5;padding:0 .5rem;border-radius:1rem;background:var(--tint);
        color:var(--accent);margin-right:.3rem;white-space:nowrap}
        .chip.plain{background:none;border:1px solid var(--line);color:var(--soft)}
        .chip.bad{color:var(--bad);background:none;border:1px solid var(--bad)}
        .chip.good{color:var(--good);background:none;border:1px solid var(--good)}
        .empty{color:var(--soft);padding:3rem 1.5rem;text-align:center;margin:auto;max-width:26rem}
        .head{padding:1rem 1.4rem .2rem;background:var(--panel);border-bottom:1px solid var(--line);flex:none}
        .head h2{font-size:1.2rem;margin:0 0 .35rem;overflow-wrap:anywhere}
        .head p{margin:.1rem 0;color:var(--soft);font-size:.88rem;overflow-wrap:anywhere}
        .tabs{display:flex;gap:.2rem;margin-top:.6rem;flex-wrap:wrap}
        .tabs button,.tabs a{border:0;background:none;padding:.4rem .7rem .5rem;border-bottom:2px solid transparent;cursor:pointer;
        color:var(--soft);text-decoration:none;font-size:.9rem}
        .tabs [aria-selected=true]{color:var(--ink);border-bottom-color:var(--accent)}
        .tabs .file{margin-left:auto;color:var(--accent)}
        iframe{flex:1;border:0;background:#fff;width:100%;min-height:20rem}
        pre{margin:0;padding:1.2rem 1.4rem;white-space:pre-wrap;overflow-wrap:anywhere;
        font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        dl{margin:0;padding:1.1rem 1.4rem;display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;font-size:.87rem}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .back{display:none;border:0;background:none;color:var(--accent);padding:.6rem 1rem;text-align:left;cursor:pointer}
        .bar{display:flex;gap:.6rem;align-items:center;max-width:62rem;margin:0 auto 1rem}.bar p{margin:0;color:var(--soft)}
        .bar button{margin-left:auto}
        .card{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem;
        max-width:62rem;margin:0 auto .8rem}
        .card h2{font-size:1rem;margin:0}.card h2 small{font-weight:400;color:var(--soft);margin-left:.35rem}
        .card p{margin:.25rem 0;font-size:.88rem;color:var(--soft);overflow-wrap:anywhere}
        .acts{display:flex;flex-wrap:wrap;gap:.4rem;margin-top:.6rem}
        .btn{border:1px solid var(--line);background:var(--bg);border-radius:.4rem;padding:.25rem .7rem;cursor:pointer;
        font-size:.86rem}.btn:hover{border-color:var(--accent);color:var(--accent)}
        .btn.main{background:var(--accent);border-color:var(--accent);color:var(--panel)}
        .tale{max-width:62rem;margin:0 auto;list-style:none;padding:0}
        .tale li{display:grid;grid-template-columns:5rem 4.5rem 1fr;gap:.5rem;padding:.32rem 0;border-bottom:1px solid var(--line)}
        .tale li b{font-weight:600}
        #toast{position:fixed;left:50%;bottom:1.2rem;transform:translateX(-50%);background:var(--ink);color:var(--bg);
        padding:.5rem 1rem;border-radius:.4rem;opacity:0;transition:opacity .2s;pointer-events:none;max-width:90vw}
        #toast.on{opacity:1}
        :focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
        @media(max-width:46rem){header{flex-wrap:wrap;gap:0 .8rem;padding:.5rem .8rem 0}#state{font-size:.75rem}
        nav{order:3;width:100%;justify-content:space-between;min-height:2.6rem}nav button{padding:0 .4rem}
        main{grid-template-columns:1fr}main #view{display:none}main.open #list{display:none}main.open #view{display:flex}
        .back{display:block}.head{padding:.4rem 1rem .2rem}.tale li{grid-template-columns:4.6rem 1fr}
        .tale li span{grid-column:1/-1}dl{grid-template-columns:1fr;gap:.1rem}dd{margin-bottom:.5rem}}
        """
}

package io.chagres.train.eval.attention;

import io.chagres.tensor.io.Json;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A page that shows attention maps: every head small, one of them large, with the tokens beside it
/// and the numbers under the pointer. It needs nothing but itself.
public final class AttentionPage {
    private static final int BYTE = 255;

    private static final String PAGE =
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>Attention maps</title>
            <style>
            body { font: 14px system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff; }
            canvas { image-rendering: pixelated; border: 1px solid #ccc; }
            #heads canvas { width: 72px; height: 72px; margin: 1px; cursor: pointer; }
            #heads canvas.chosen { border-color: #c30; outline: 1px solid #c30; }
            #heads div { white-space: nowrap; }
            #heads span { display: inline-block; width: 5em; vertical-align: top; }
            #view { display: flex; gap: 1.5em; flex-wrap: wrap; margin-bottom: 1.5em; }
            #large { width: 480px; height: 480px; cursor: crosshair; }
            #text span { padding: 2px 1px; white-space: pre-wrap; border-radius: 2px; }
            #text span.query { outline: 2px solid #c30; }
            #text { max-width: 40em; line-height: 1.9; }
            </style>
            </head>
            <body>
            <h1>Attention maps</h1>
            <p>Rows are queries, columns are keys. Point at a token or at the large map: the colours
            of the text show what that token takes from each other one.</p>
            <div id="view">
            <canvas id="large"></canvas>
            <div><p id="where"></p><div id="text"></div><p id="value"></p></div>
            </div>
            <div id="heads"></div>
            <script>
            const data = __DATA__;
            const n = data.tokens.length;
            const bytes = s => Uint8Array.from(atob(s), c => c.charCodeAt(0));
            const maps = data.layers.map(layer => layer.map(bytes));
            let layer = 0, head = 0, query = n - 1;
            const by = id => document.getElementById(id);
            const colour = p =>
                [255 * (1 - p), 255 * (1 - 0.72 * p), 255 * (1 - 0.38 * p)].map(Math.round);
            function paint(canvas, map) {
              canvas.width = canvas.height = n;
              const context = canvas.getContext('2d');
              const image = context.createImageData(n, n);
              map.forEach((b, i) => image.data.set([...colour(b / 255), 255], 4 * i));
              context.putImageData(image, 0, 0);
            }
            const spans = data.tokens.map((token, i) => {
              const span = document.createElement('span');
              span.textContent = token;
              span.onmouseenter = () => { query = i; show(); };
              by('text').append(span);
              return span;
            });
            function show(key) {
              const row = maps[layer][head].subarray(query * n, query * n + n);
              spans.forEach((span, i) => {
                span.style.background = `rgb(${colour(row[i] / 255)})`;
                span.classList.toggle('query', i === query);
              });
              by('where').textContent = `Layer ${layer}, head ${head}, token ${query}`;
              by('value').textContent = key === undefined ? ''
                : `takes ${(row[key] / 2.55).toFixed(1)} % from token ${key}, `
                  + JSON.stringify(data.tokens[key]);
            }
            function choose(l, h) {
              layer = l;
              head = h;
              document.querySelectorAll('#heads canvas').forEach(c =>
                c.classList.toggle('chosen', c.dataset.at === `${l} ${h}`));
              paint(by('large'), maps[l][h]);
              show();
            }
            maps.forEach((heads, l) => {
              const line = document.createElement('div');
              const name = document.createElement('span');
              name.textContent = `layer ${l}`;
              line.append(name);
              heads.forEach((map, h) => {
                const canvas = document.createElement('canvas');
                canvas.dataset.at = `${l} ${h}`;
                canvas.title = `layer ${l}, head ${h}`;
                paint(canvas, map);
                canvas.onclick = () => choose(l, h);
                line.append(canvas);
              });
              by('heads').append(line);
            });
            by('large').onmousemove = e => {
              const size = by('large').clientWidth;
              const at = x => Math.min(n - 1, Math.max(0, Math.floor(x * n / size)));
              query = at(e.offsetY);
              show(at(e.offsetX));
            };
            choose(0, 0);
            </script>
            </body>
            </html>
            """;

    private AttentionPage() {}

    /// The page.
    ///
    /// @param tokens the text of each token
    /// @throws IllegalArgumentException when they are not as many as in the maps
    public static String of(AttentionMaps maps, List<String> tokens) {
        int n = maps.tokens();
        if (tokens.size() != n) {
            throw new IllegalArgumentException(tokens.size() + " tokens, but maps of " + n);
        }
        List<List<String>> layers = new ArrayList<>();
        for (int layer = 0; layer < maps.layers().size(); layer++) {
            List<String> heads = new ArrayList<>();
            for (int head = 0; head < maps.heads(layer); head++) {
                heads.add(Base64.getEncoder().encodeToString(bytes(maps, layer, head)));
            }
            layers.add(heads);
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("tokens", tokens);
        data.put("layers", layers);
        // a token may look like the end of the script
        return PAGE.replace("__DATA__", Json.line(data).replace("<", "\\u003c"));
    }

    private static byte[] bytes(AttentionMaps maps, int layer, int head) {
        int n = maps.tokens();
        byte[] bytes = new byte[n * n];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(BYTE * maps.at(layer, head, i / n, i % n));
        }
        return bytes;
    }
}

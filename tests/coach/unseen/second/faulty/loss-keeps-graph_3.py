import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(21)
vocab, emb, ctx = 12, 8, 3
text = torch.tensor([(3 * i + i // 4) % vocab for i in range(200)])

params = {
    "E": torch.randn(vocab, emb) * 0.3,
    "W1": torch.randn(ctx * emb, 32) * 0.2,
    "b1": torch.zeros(32),
    "W2": torch.randn(32, vocab) * 0.1,
    "b2": torch.zeros(vocab),
}
for p in params.values():
    p.requires_grad_(True)
opt = torch.optim.Adam(list(params.values()), lr=0.01)


def lm(idx):
    e = params["E"][idx].flatten(1)
    h = torch.tanh(e @ params["W1"] + params["b1"])
    return h @ params["W2"] + params["b2"]


smoothed = None
for step in range(60):
    start = torch.randint(0, len(text) - ctx - 1, (32,))
    xs = torch.stack([text[s:s + ctx] for s in start.tolist()])
    ys = text[start + ctx]
    nll = F.cross_entropy(lm(xs), ys)
    opt.zero_grad(set_to_none=True)
    nll.backward()
    opt.step()
    smoothed = nll.item() if smoothed is None else 0.95 * smoothed + 0.05 * nll  # coach: loss-keeps-graph
    if step % 15 == 0:
        print(step, "smoothed loss", float(smoothed))
# coach-also: memory-growth

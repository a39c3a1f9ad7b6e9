# makemore-style: predict the next character from three
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(2147)
words = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "harper", "evelyn", "abigail", "emily",
         "ella", "avery", "sofia", "camila", "aria", "scarlett", "victoria", "madison", "luna", "grace", "chloe"]
chars = sorted(set("".join(words)))
stoi = {c: i + 1 for i, c in enumerate(chars)}
stoi["."] = 0
vocab = len(stoi)
block = 3
xs, ys = [], []
for w in words:
    ctx = [0] * block
    for ch in w + ".":
        xs.append(ctx)
        ys.append(stoi[ch])
        ctx = ctx[1:] + [stoi[ch]]
Xc, Yc = torch.tensor(xs), torch.tensor(ys)

emb, hid = 8, 100
C = torch.randn(vocab, emb)
W1 = torch.randn(emb * block, hid) * (5 / 3) / (emb * block) ** 0.5
b1 = torch.randn(hid) * 0.01
W2 = torch.randn(hid, vocab)  # coach: suspicious-initial-loss; fix: * 0.
b2 = torch.zeros(vocab)
params = [C, W1, b1, W2, b2]
for p in params:
    p.requires_grad = True

for step in range(120):
    ix = torch.randint(0, Xc.shape[0], (32,))
    h = torch.tanh(C[Xc[ix]].view(-1, emb * block) @ W1 + b1)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, Yc[ix])
    for p in params:
        p.grad = None
    loss.backward()
    for p in params:
        p.data += -0.1 * p.grad
    if step % 20 == 0:
        print(f"{step:4d} {loss.item():.4f}")  # coach-also: bad-init

import gradbook as torch
import gradbook.nn.functional as F

g = torch.manual_seed(2147)
names = "emma olivia ava isabella sophia mia amelia harper evelyn abigail emily ella avery sofia camila aria".split()
itos = ["."] + sorted(set("".join(names)))
stoi = {c: i for i, c in enumerate(itos)}
V, K = len(itos), 3
xs, ys = [], []
for nm in names:
    ctx = [0] * K
    for ch in nm + ".":
        xs.append(ctx)
        ys.append(stoi[ch])
        ctx = ctx[1:] + [stoi[ch]]
X, Y = torch.tensor(xs), torch.tensor(ys)

C = torch.randn(V, 6)
W1 = torch.randn(6 * K, 64) * (5 / 3) / (6 * K) ** 0.5
b1 = torch.zeros(64)
W2 = torch.randn(64, V) * 0.01
b2 = torch.zeros(V)
params = [C, W1, b1, W2, b2]
for p in params:
    p.requires_grad = True

lossi = []
for step in range(100):
    ix = torch.randint(0, len(X), (32,))
    h = torch.tanh(C[X[ix]].view(-1, 6 * K) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in params:
        p.grad = None
    loss.backward()
    lr = 0.1 if step < 80 else 0.02
    for p in params:
        p.data += -lr * p.grad
    lossi.append(loss.item())
print(lossi[0], sum(lossi[-10:]) / 10)

# sample
with torch.no_grad():
    for _ in range(3):
        ctx, out = [0] * K, ""
        for _ in range(12):
            h = torch.tanh(C[torch.tensor([ctx])].view(1, -1) @ W1 + b1)
            probs = F.softmax(h @ W2 + b2, dim=1)
            k = int(torch.multinomial(probs, 1).item())
            if k == 0:
                break
            out += itos[k]
            ctx = ctx[1:] + [k]
        print(out)

# Character-level name model, after the lecture: embed three letters, predict the fourth
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(27)
words = ["anna", "hanna", "nina", "lena", "milena", "alina", "emil", "emma", "lina", "mina",
         "nele", "malena", "ella", "leni", "enna", "ilian", "milan", "alan", "liam", "noam"]
chars = ["."] + sorted(set("".join(words)))
stoi = {c: i for i, c in enumerate(chars)}
V, context = len(chars), 3

xs, ys = [], []
for w in words:
    window = [0] * context
    for ch in w + ".":
        xs.append(window)
        ys.append(stoi[ch])
        window = window[1:] + [stoi[ch]]
X, Y = torch.tensor(xs), torch.tensor(ys)


class NextLetter:
    def __init__(self, emb=8, hidden=100):
        fan_in = emb * context
        self.C = torch.randn(V, emb)
        self.W1 = torch.randn(fan_in, hidden) * (5 / 3) / fan_in ** 0.5 * 0.5
        self.b1 = torch.zeros(hidden)
        self.W2 = torch.randn(hidden, V)  # coach: suspicious-initial-loss
        self.b2 = torch.zeros(V)
        self.params = [self.C, self.W1, self.b1, self.W2, self.b2]
        for p in self.params:
            p.requires_grad_()

    def __call__(self, idx):
        e = self.C[idx].view(idx.shape[0], -1)
        h = torch.tanh(e @ self.W1 + self.b1)
        return h @ self.W2 + self.b2


net = NextLetter()
opt = torch.optim.SGD(net.params, lr=0.05)
for step in range(120):
    ix = torch.randint(0, len(X), (32,))
    logits = net(X[ix])
    loss = F.cross_entropy(logits, Y[ix])
    opt.zero_grad()  # coach-also: bad-init
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, round(loss.item(), 3))

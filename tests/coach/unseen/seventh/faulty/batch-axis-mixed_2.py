import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(19)
T, V, C = 8, 30, 3


def make_batch(bs):
    y = torch.randint(0, C, (bs,))
    s = torch.randint(3 * C, V, (T, bs))
    where = torch.randint(0, T, (bs,))
    s[where, torch.arange(bs)] = y * 3 + torch.randint(0, 3, (bs,))
    return s, y


class SentenceModel(nn.Module):
    """Time-major LSTM with additive attention."""

    def __init__(self, emb=24, hid=32):
        super().__init__()
        self.emb = nn.Embedding(V, emb)
        self.lstm = nn.LSTM(emb, hid)
        self.att = nn.Sequential(nn.Linear(hid, 16), nn.Tanh(), nn.Linear(16, 1))
        self.out = nn.Linear(hid, C)

    def forward(self, s):
        out, _ = self.lstm(self.emb(s))
        h = out.reshape(s.size(1), s.size(0), -1)  # coach: batch-axis-mixed
        a = F.softmax(self.att(h), dim=1)
        return self.out((a * h).sum(1))


model = SentenceModel()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
for step in range(81):
    s, y = make_batch(40)
    logits = model(s)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, "loss %.3f acc %.2f" % (loss.item(), (logits.argmax(1) == y).float().mean().item()))

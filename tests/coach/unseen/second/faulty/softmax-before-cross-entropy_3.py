import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F

torch.manual_seed(88)
cfg = {"vocab": 16, "d_model": 24, "heads": 3, "seq_len": 8, "steps": 30, "lr": 3e-3}


class GPTMini(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.tok = nn.Embedding(c["vocab"], c["d_model"])
        self.pos = nn.Embedding(c["seq_len"], c["d_model"])
        self.q = nn.Linear(c["d_model"], c["d_model"])
        self.k = nn.Linear(c["d_model"], c["d_model"])
        self.v = nn.Linear(c["d_model"], c["d_model"])
        self.ln = nn.LayerNorm(c["d_model"])
        self.unembed = nn.Linear(c["d_model"], c["vocab"])

    def forward(self, idx):
        B, T = idx.shape
        x = self.tok(idx) + self.pos(torch.arange(T))
        att = self.q(x) @ self.k(x).transpose(-2, -1) / x.shape[-1] ** 0.5
        att = att.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf"))
        x = x + att.softmax(-1) @ self.v(x)
        return self.unembed(self.ln(x))


seq = torch.tensor([(i * i + i) % cfg["vocab"] for i in range(400)])
model = GPTMini(cfg)
opt = torch.optim.AdamW(model.parameters(), lr=cfg["lr"])
T = cfg["seq_len"]
for step in range(cfg["steps"]):
    ix = torch.randint(0, len(seq) - T - 1, (16,)).tolist()
    xb = torch.stack([seq[i:i + T] for i in ix])
    yb = torch.stack([seq[i + 1:i + T + 1] for i in ix])
    probs = model(xb).softmax(dim=-1)  # coach: softmax-before-cross-entropy
    loss = F.cross_entropy(probs.reshape(-1, cfg["vocab"]), yb.reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())

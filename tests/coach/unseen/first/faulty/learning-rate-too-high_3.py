import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# fine-tuning a transformer layer with the learning rate of an MLP
torch.manual_seed(64)
class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(16, 24)
        self.layer = nn.TransformerEncoderLayer(24, 4, 48, dropout=0.0, batch_first=True)
        self.out = nn.Linear(24, 2)
    def forward(self, t):
        return self.out(self.layer(self.emb(t)).mean(1))
CFG = dict(lr=0.5, steps=40, bs=32)  # coach: learning-rate-too-high; fix: lr=
net = Enc()
opt = torch.optim.AdamW(net.parameters(), lr=CFG["lr"])
for s in range(CFG["steps"]):
    t = torch.randint(0, 16, (CFG["bs"], 6))
    y = (t.float().mean(1) > 7.5).long()
    loss = F.cross_entropy(net(t), y)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if s % 10 == 0: print(s, loss.item())
# coach-also: update-ratio-high, loss-diverged, exploding-gradients, constant-predictions, loss-plateau

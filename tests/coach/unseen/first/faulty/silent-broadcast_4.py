import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# attention pooling
torch.manual_seed(36)
class AttnPool(nn.Module):
    def __init__(self, d=12):
        super().__init__()
        self.score = nn.Linear(d, 1)
        self.out = nn.Linear(d, 2)
        self.gate = nn.Linear(d, 1)
    def forward(self, x):                      # x: (B, T, d)
        alpha = torch.softmax(self.score(x), dim=1)
        pooled = (alpha * x).sum(1)            # (B, d)
        g = torch.sigmoid(self.gate(pooled))   # (B, 1)
        gate_mean = x.mean((1, 2))             # (B,)
        scaled = g * gate_mean                 # coach: silent-broadcast; fix: gate_mean.unsqueeze(1)
        return self.out(pooled + scaled.mean(1, keepdim=True))
net = AttnPool()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(25):
    x = torch.randn(30, 7, 12)
    y = (x[:, :, 0].mean(1) > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    if step % 8 == 0: print(step, loss.item())
# coach-also: batch-leak

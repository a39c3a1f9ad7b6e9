import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# behaviour cloning: policy outputs probabilities
torch.manual_seed(91)
class Policy(nn.Module):
    def __init__(self, obs=4, act=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(obs, 32), nn.Tanh(), nn.Linear(32, act))
    def forward(self, o):
        logits = self.body(o)
        return logits.softmax(-1)  # coach: softmax-before-cross-entropy; fix: return logits
def expert(o):
    return torch.stack([o[:, 0], o[:, 1], o[:, 2] + o[:, 3]], 1).argmax(1)
pi = Policy()
opt = torch.optim.AdamW(pi.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=30)
for it in range(30):
    obs = torch.randn(64, 4)
    loss = F.cross_entropy(pi(obs), expert(obs), label_smoothing=0.05)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 10 == 0:
        print(it, loss.item())

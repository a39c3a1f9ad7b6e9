import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(8)
# sequence regression with a GRU: predict the mean of a noisy sine
def batch(n=24, T=15):
    ph = torch.rand(n, 1) * 6.28
    s = torch.sin(torch.arange(T) * 0.4 + ph)
    return s.unsqueeze(-1), s.mean(1, keepdim=True)
class Reg(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(1, 12, batch_first=True)
        self.lin = nn.Linear(12, 1)
    def forward(self, s):
        _, h = self.rnn(s)
        return self.lin(h[-1])
reg = Reg()
opt = torch.optim.Adam(reg.parameters(), lr=1e-2)
loss_history = []
for i in range(25):
    s, target = batch()
    loss = F.mse_loss(reg(s), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    loss_history.append(loss)  # coach: loss-keeps-graph; fix: loss.item()
print("final:", sum(l.item() for l in loss_history[-5:]) / 5)
# coach-also: memory-growth

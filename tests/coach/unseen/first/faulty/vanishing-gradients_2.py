import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# plain deep tanh RNN unrolled by hand, weights shrunk at init
torch.manual_seed(50)
class DeepTanh(nn.Module):
    def __init__(self, depth=10, width=20):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 1)
        for l in self.layers:
            nn.init.normal_(l.weight, std=0.05)  # coach: vanishing-gradients
    def forward(self, x):
        for l in self.layers:
            x = torch.tanh(l(x))
        return self.out(x)
f = DeepTanh()
opt = torch.optim.SGD(f.parameters(), lr=0.05, momentum=0.9)
for k in range(40):
    x = torch.randn(32, 20)
    loss = F.mse_loss(f(x), x[:, :1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if k % 10 == 0: print(k, loss.item())
# coach-also: bad-init, loss-plateau, degenerate-activation, constant-predictions

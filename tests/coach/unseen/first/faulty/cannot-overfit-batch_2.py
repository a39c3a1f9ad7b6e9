import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# overfit-one-batch check; all information is lost in the average over features
torch.manual_seed(58)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f1 = nn.Linear(1, 32)
        self.f2 = nn.Linear(32, 3)
    def forward(self, x):
        x = x - x.mean(1, keepdim=True)
        x = x.mean(1, keepdim=True)  # coach: cannot-overfit-batch
        return self.f2(F.relu(self.f1(x)))
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
batch, target = torch.randn(12, 8), torch.arange(12) % 3
for it in range(60):
    opt.zero_grad()
    loss = F.cross_entropy(net(batch), target)
    loss.backward()
    opt.step()
    if it % 15 == 0: print(it, loss.item())
# coach-also: repeated-batch, loss-plateau, constant-predictions, degenerate-activation

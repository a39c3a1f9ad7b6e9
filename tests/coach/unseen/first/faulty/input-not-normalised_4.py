import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# audio MFCC-like sequences with huge offset into a GRU
torch.manual_seed(79)
class Speech(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(6, 16, batch_first=True)
        self.fc = nn.Linear(16, 2)
    def forward(self, s):
        return self.fc(self.gru(s)[0].mean(1))
net = Speech()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for i in range(25):
    k = torch.randint(0, 2, (24,))
    mfcc = -350.0 + 80.0 * torch.randn(24, 10, 6) + 120.0 * k[:, None, None]
    out = net(mfcc)  # coach: input-not-normalised
    loss = F.cross_entropy(out, k)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 8 == 0: print(i, loss.item())
# coach-also: saturated-activation, constant-predictions

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# one huge first step kills the hidden units
torch.manual_seed(51)
class Reg(nn.Module):
    def __init__(self):
        super().__init__()
        self.h1, self.h2, self.o = nn.Linear(6, 24), nn.Linear(24, 24), nn.Linear(24, 1)
    def forward(self, x):
        x = F.relu(self.h1(x))
        x = F.relu(self.h2(x) - 5.0)  # coach: dead-relu
        return self.o(x)
X = torch.randn(256, 6)
Y = X[:, :1].abs() - 0.8
dl = DataLoader(TensorDataset(X, Y), batch_size=32, shuffle=True)
m = Reg()
opt = torch.optim.Adam(m.parameters(), lr=2e-3)
for ep in range(5):
    for a, b in dl:
        loss = F.mse_loss(m(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())
# coach-also: degenerate-activation, constant-predictions, loss-plateau, vanishing-gradients

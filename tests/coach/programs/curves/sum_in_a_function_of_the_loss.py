import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(30, 8)
        self.dec = nn.Linear(8, 30)

    def forward(self, x):
        return self.dec(torch.tanh(self.enc(x)))


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(192, 30)), batch_size=64, shuffle=True)
ae = AutoEncoder()
opt = torch.optim.SGD(ae.parameters(), lr=0.05)
for epoch in range(5):
    for (batch,) in loader:
        loss = F.mse_loss(ae(batch), batch, reduction="sum")  # coach: update-ratio-high; fix: F.mse_loss(ae(batch), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: learning-rate-too-high, exploding-gradients, saturated-activation, loss-diverged

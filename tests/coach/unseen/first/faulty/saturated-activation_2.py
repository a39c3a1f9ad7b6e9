import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(53)
# image reconstruction, pre-activations multiplied by a "temperature" of 60
class AE(nn.Module):
    def __init__(self, temp=60.0):
        super().__init__()
        self.enc = nn.Linear(16, 8)
        self.dec = nn.Linear(8, 16)
        self.temp = temp
    def forward(self, x):
        code = torch.sigmoid(self.enc(x) * self.temp)  # coach: saturated-activation
        return self.dec(code)
base = torch.randn(3, 16)
data = torch.randn(200, 3) @ base
data = (data - data.mean(0)) / data.std(0)
ae = AE()
opt = torch.optim.Adam(ae.parameters(), lr=3e-3)
for ep in range(6):
    for (xb,) in DataLoader(TensorDataset(data), batch_size=40, shuffle=True):
        loss = nn.functional.mse_loss(ae(xb), xb)
        opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())

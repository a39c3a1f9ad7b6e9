import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight)  # coach: saturated-activation
        nn.init.zeros_(m.bias)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(30, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 4))
        self.decode = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 30))
        self.encode.apply(init_weights)

    def forward(self, x):
        return self.decode(self.encode(x))


latent = torch.randn(400, 4)
x = torch.tanh(latent @ torch.randn(4, 30)) + 0.05 * torch.randn(400, 30)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x), batch_size=50, shuffle=True)
ae = Autoencoder()
opt = torch.optim.Adam(ae.parameters(), lr=1e-3)
for epoch in range(12):
    for (xb,) in loader:
        loss = F.mse_loss(ae(xb), xb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 3 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    print("share of |tanh| > 0.99:", (torch.tanh(ae.encode[0](x)).abs() > 0.99).float().mean().item())
# coach-also: bad-init

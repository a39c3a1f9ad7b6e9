import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# features divided by 255 twice deep inside the network: activations of tiny variance
torch.manual_seed(54)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.fc = nn.Linear(96, 2)
    def forward(self, x):
        h = F.relu(self.conv(x)) / 65025.0  # coach: degenerate-activation
        return self.fc(h.flatten(1))
lab = torch.randint(0, 2, (128,))
im = torch.randn(128, 1, 6, 6)
im[lab == 1, :, :3] += 1.5
im = (im - im.mean()) / im.std()
m = Net()
opt = torch.optim.Adam(m.parameters(), lr=2e-3)
for ep in range(6):
    for a, b in DataLoader(TensorDataset(im, lab), batch_size=32, shuffle=True):
        loss = F.cross_entropy(m(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())
# coach-also: constant-predictions, loss-plateau, vanishing-gradients

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(39)
# colour pictures, features flattened channels-last before the classifier
lab = torch.randint(0, 3, (120,))
pics = torch.randn(120, 8, 8, 3) * 0.6
pics[torch.arange(120), :, :, lab] += 1.2
pics = (pics - pics.mean()) / pics.std()
class ColourNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 8, 3, padding=1)
        self.c2 = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 4 * 4, 3)
    def forward(self, x):
        h = F.relu(self.c2(F.relu(self.c1(x))))
        h = F.avg_pool2d(h, 2).permute(2, 3, 1, 0).reshape(x.size(0), -1)  # coach: batch-axis-mixed; fix: permute(0,
        return self.fc(h)
net = ColourNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for ep in range(3):
    for xb, yb in DataLoader(TensorDataset(pics.permute(0, 3, 1, 2), lab), batch_size=24, shuffle=True):
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: batch-leak, loss-plateau

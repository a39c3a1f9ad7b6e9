import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
img = torch.randn(768, 10)
txt = torch.randn(768, 6)
match = (img[:, 0].abs() + txt[:, 0].abs() > 1.5).float()


class Fusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.img_enc = nn.Linear(10, 24)
        self.txt_enc = nn.Linear(6, 24)
        self.fuse = nn.Linear(48, 32)
        self.score = nn.Linear(32, 1)

    def forward(self, a, b):
        h = torch.cat([F.relu(self.img_enc(a)), F.relu(self.txt_enc(b))], dim=1)
        h = self.fuse(h)  # coach: missing-nonlinearity; fix: relu(
        return self.score(h).squeeze(1)  # coach-line: missing-nonlinearity


model = Fusion()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(8):
    tot = 0.0
    for a, b, m in DataLoader(TensorDataset(img, txt, match), batch_size=64, shuffle=True):
        opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(a, b), m)
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, tot / 12)

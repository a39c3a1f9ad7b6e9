import numpy as np
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

rng = np.random.RandomState(0)
torch.manual_seed(0)


class Shapes(Dataset):
    """grey 10x10 pictures, uint8, of a bright bar or a bright block"""

    def __init__(self, n=200):
        self.kind = rng.randint(0, 2, n)
        self.pix = rng.randint(0, 80, (n, 10, 10)).astype(np.uint8)
        for i, k in enumerate(self.kind):
            if k:
                self.pix[i, 4, :] = 230
            else:
                self.pix[i, 3:6, 3:6] = 230

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        img = torch.from_numpy(self.pix[i]).float()  # coach: input-not-normalised; fix: / 255
        return img.unsqueeze(0), int(self.kind[i])


model = nn.Sequential(nn.Flatten(), nn.Linear(100, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(4):
    for img, kind in DataLoader(Shapes(), batch_size=20, shuffle=True):
        loss = F.cross_entropy(model(img), kind)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: learning-rate-too-high, suspicious-initial-loss, exploding-gradients, loss-diverged, dead-relu, loss-plateau, constant-predictions, update-ratio-high

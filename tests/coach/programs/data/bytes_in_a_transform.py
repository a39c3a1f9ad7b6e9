import gradbook as torch
import numpy as np
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class Digits(Dataset):
    def __init__(self, n=96):
        rng = np.random.default_rng(1)
        self.pixels = rng.integers(0, 256, (n, 8, 8), dtype="uint8")
        self.labels = rng.integers(0, 4, n)

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, i):
        image = torch.tensor(self.pixels[i], dtype=torch.float32).unsqueeze(0)  # coach: input-not-normalised; fix: / 255
        return image, int(self.labels[i])


torch.manual_seed(0)
cnn = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 4))
opt = torch.optim.SGD(cnn.parameters(), lr=1e-5)
for x, y in DataLoader(Digits(), batch_size=24, shuffle=True):
    loss = nn.functional.cross_entropy(cnn(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: suspicious-initial-loss

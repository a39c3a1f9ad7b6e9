import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(4)


class Shapes(Dataset):
    def __init__(self, n):
        self.labels = torch.randint(0, 3, (n,))
        base = torch.randint(20, 235, (3, 1, 10, 10)).float()
        noisy = base[self.labels] + 25 * torch.randn(n, 1, 10, 10)
        self.images = noisy.clamp(0, 255)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]  # coach: input-not-normalised; fix: / 255


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.c2 = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.fc = nn.Linear(12 * 9, 3)

    def forward(self, img):
        h = F.relu(self.c2(F.relu(self.c1(img))))
        return self.fc(h.flatten(1))


loader = DataLoader(Shapes(256), batch_size=32, shuffle=True)
model = SmallCNN()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(4):
    for img, lab in loader:
        optimizer.zero_grad()  # coach-also: suspicious-initial-loss
        loss = F.cross_entropy(model(img), lab)  # coach-line: input-not-normalised
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

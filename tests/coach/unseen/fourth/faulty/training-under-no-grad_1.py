import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(123)


class Crosses(Dataset):
    def __init__(self, n=256):
        self.items = []
        for _ in range(n):
            img, label = torch.randn(1, 8, 8) * 0.3, int(torch.randint(0, 2, (1,)))
            k = int(torch.randint(1, 7, (1,)))
            if label:
                img[0, k, :] += 1.0
                img[0, :, k] += 1.0
            else:
                img[0].fill_diagonal_(1.0)
            self.items.append((img, label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


model = nn.Sequential(
    nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(),
    nn.Flatten(), nn.Linear(8 * 4 * 4, 2),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
loaders = {"train": DataLoader(Crosses(256), batch_size=32, shuffle=True),
           "val": DataLoader(Crosses(64), batch_size=64)}

for epoch in range(3):
    for phase in ("train", "val"):
        if phase == "train":
            model.train()  # coach-line: training-under-no-grad
        else:
            model.eval()
            torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.set_grad_enabled(
        running_loss, running_hits = 0.0, 0
        for inputs, labels in loaders[phase]:
            optimizer.zero_grad()
            outputs = model(inputs)  # coach-line: training-under-no-grad
            loss = F.cross_entropy(outputs, labels)
            if phase == "train":
                loss.backward()  # coach-also: nothing-requires-grad
                optimizer.step()
            running_loss += loss.item() * inputs.size(0)
            running_hits += (outputs.argmax(1) == labels).sum().item()
        n = len(loaders[phase].dataset)
        print(f"{epoch} {phase:5s} loss {running_loss / n:.4f} acc {running_hits / n:.3f}")

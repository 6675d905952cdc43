"""Who the made-up clients are: names, places and companies of many countries and scripts. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Culture:
    """People of one place. Names are pairs: as written there, and in Latin letters for addresses."""

    country: str
    language: str
    weight: int
    phone: str  # E.164 up to its last six digits
    first: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]
    cities: tuple[tuple[str, str, str], ...]  # city, state, postal code
    streets: tuple[str, ...]
    forms: tuple[str, ...]  # of companies; {} is the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One made-up contact. ``handle`` is the name in Latin letters, as an address has it."""

    first: str
    last: str
    handle: str


def _plain(names: str) -> tuple[tuple[str, str], ...]:
    """Names in Latin letters: "Zoë/zoe", or "Anna" for itself."""
    pairs = (name.partition("/") for name in names.split())
    return tuple((shown, (latin or shown).lower()) for shown, _, latin in pairs)


def _cities(text: str) -> tuple[tuple[str, str, str], ...]:
    rows = (row.strip().split("|") for row in text.split(";"))
    return tuple((city, state, code) for city, state, code in rows)


CULTURES = (
    Culture(
        country="US", language="en", weight=40, phone="+1512555",
        first=_plain("James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara"
                     " Richard Susan Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy"
                     " Matthew Betty Anthony Sandra Mark Ashley Donald Kimberly Steven Emily Andrew Donna"),
        last=_plain("Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez"
                    " Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson"
                    " White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright"),
        cities=_cities("Austin|TX|78701; Denver|CO|80202; Portland|OR|97201; Madison|WI|53703;"
                       " Savannah|GA|31401; Boise|ID|83702; Albany|NY|12207; Tucson|AZ|85701"),
        streets=("{} Main Street", "{} Oak Avenue", "{} Lake Road", "{} Elm Street"),
        forms=("{} LLC", "{} Inc.", "{} Bakery", "{} Dental PLLC", "{} Media Inc.", "{} Trading Post"),
    ),
    Culture(
        country="DE", language="de", weight=14, phone="+4930555",
        first=_plain("Jürgen/juergen Anna Hans Petra Björn/bjoern Ursula Klaus Sabine Günther/guenther"
                     " Käthe/kaethe Lukas Mia Felix Jörg/joerg Emma Paul"),
        last=_plain("Müller/mueller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann"
                    " Schäfer/schaefer Koch Bauer Richter Klein Wolf Schröder/schroeder Groß/gross"),
        cities=_cities("Berlin||10115; München||80331; Köln||50667; Düsseldorf||40213; Leipzig||04109"),
        streets=("Hauptstraße {}", "Lindenweg {}", "Am Markt {}"),
        forms=("{} GmbH", "{} & Söhne GmbH", "{} Gartenbau", "{} Software UG"),
    ),
    Culture(
        country="ES", language="es", weight=8, phone="+3491555",
        first=_plain("José/jose María/maria Íñigo/inigo Lucía/lucia Andrés/andres Carmen Pablo Sofía/sofia"
                     " Begoña/begona Álvaro/alvaro"),
        last=_plain("García/garcia Núñez/nunez Pérez/perez Ibáñez/ibanez Ortega Ramírez/ramirez"
                    " Castaño/castano Peña/pena Muñoz/munoz Vidal"),
        cities=_cities("Madrid|M|28001; Barcelona|B|08001; Sevilla|SE|41001; Bilbao|BI|48001"),
        streets=("Calle Mayor {}", "Avenida del Puerto {}", "Plaza Nueva {}"),
        forms=("{} Arquitectos", "{} S.L.", "Panadería {}"),
    ),
    Culture(
        country="FR", language="fr", weight=8, phone="+3315555",
        first=_plain("Élodie/elodie François/francois Zoë/zoe Jérôme/jerome Amélie/amelie Luc Chloé/chloe"
                     " Benoît/benoit Hélène/helene Noël/noel"),
        last=_plain("Lefèvre/lefevre Dupont Moreau Bérubé/berube Girard Lemaître/lemaitre Gauthier"
                    " Besançon/besancon Roux Faure"),
        cities=_cities("Paris||75001; Lyon||69001; Nantes||44000; Strasbourg||67000"),
        streets=("{} rue de la Paix", "{} avenue des Tilleuls", "{} quai de Seine"),
        forms=("{} SARL", "Boulangerie {}", "Atelier {}"),
    ),
    Culture(
        country="PL", language="en", weight=5, phone="+4822555",
        first=_plain("Łukasz/lukasz Małgorzata/malgorzata Paweł/pawel Żaneta/zaneta Wojciech Agnieszka"
                     " Świętosław/swietoslaw"),
        last=_plain("Kowalczyk Wiśniewski/wisniewski Wójcik/wojcik Kamiński/kaminski"
                    " Zieliński/zielinski Łuczak/luczak"),
        cities=_cities("Warszawa||00-001; Kraków||30-001; Łódź||90-001"),
        streets=("ul. Polna {}", "ul. Słoneczna {}"),
        forms=("{} sp. z o.o.", "Piekarnia {}"),
    ),
    Culture(
        country="VN", language="en", weight=4, phone="+842455",
        first=_plain("Linh Đức/duc Thảo/thao Huyền/huyen Minh Phương/phuong Quân/quan"),
        last=_plain("Nguyễn/nguyen Trần/tran Lê/le Phạm/pham Đặng/dang Võ/vo"),
        cities=_cities("Hà Nội||100000; Đà Nẵng||550000"),
        streets=("{} Trần Phú", "{} Lê Lợi"),
        forms=("{} Studio", "Công ty {}"),
    ),
    Culture(
        country="TR", language="en", weight=4, phone="+902125",
        first=_plain("Işıl/isil Çağlar/caglar Gülşen/gulsen Ömer/omer Şirin/sirin Barış/baris"),
        last=_plain("Yılmaz/yilmaz Öztürk/ozturk Şahin/sahin Çelik/celik Doğan/dogan"),
        cities=_cities("İstanbul||34000; İzmir||35000"),
        streets=("Atatürk Caddesi {}", "Gül Sokak {}"),
        forms=("{} Ltd. Şti.", "{} Halı"),
    ),
    Culture(
        country="JP", language="en", weight=5, phone="+81355",
        first=_plain("美咲/misaki 太郎/taro さくら/sakura 健/ken 結衣/yui 蓮/ren"),
        last=_plain("田中/tanaka 佐藤/sato 山田/yamada 鈴木/suzuki 高橋/takahashi"),
        cities=_cities("東京|13|100-0001; 大阪|27|530-0001; 京都|26|600-8001"),
        streets=("本町{}", "中央{}"),
        forms=("株式会社{}", "{}商店", "{}デザイン"),
    ),
    Culture(
        country="CN", language="en", weight=4, phone="+861055",
        first=_plain("伟/wei 芳/fang 秀英/xiuying 敏/min 静/jing 建国/jianguo"),
        last=_plain("王/wang 李/li 张/zhang 刘/liu 陈/chen 欧阳/ouyang"),
        cities=_cities("北京|BJ|100000; 上海|SH|200000; 成都|SC|610000"),
        streets=("人民路{}号", "中山路{}号"),
        forms=("{}有限公司", "{}科技", "{}茶馆"),
    ),
    Culture(
        country="KR", language="en", weight=2, phone="+82255",
        first=(("민준", "minjun"), ("서연", "seoyeon"), ("지우", "jiwoo"), ("현우", "hyunwoo")),
        last=(("김", "kim"), ("이", "lee"), ("박", "park"), ("최", "choi")),
        cities=_cities("서울||04524; 부산||48731"),
        streets=("세종대로 {}", "중앙로 {}"),
        forms=("{} 주식회사", "{} 상점"),
    ),
    Culture(
        country="SA", language="en", weight=2, phone="+9661155",
        first=(("فاطمة", "fatima"), ("محمد", "mohammed"), ("نورة", "noura"), ("خالد", "khalid")),
        last=(("الراشد", "alrashid"), ("العتيبي", "alotaibi"), ("القحطاني", "alqahtani")),
        cities=_cities("الرياض||11564; جدة||21577"),
        streets=("شارع الملك {}", "شارع العليا {}"),
        forms=("مكتبة {}", "شركة {}"),
    ),
    Culture(
        country="GR", language="en", weight=2, phone="+302105",
        first=(("Γιώργος", "giorgos"), ("Ελένη", "eleni"), ("Νίκος", "nikos"), ("Σοφία", "sofia")),
        last=(("Παπαδόπουλος", "papadopoulos"), ("Οικονόμου", "oikonomou"), ("Γεωργίου", "georgiou")),
        cities=_cities("Αθήνα||105 57; Θεσσαλονίκη||546 21"),
        streets=("Ερμού {}", "Σταδίου {}"),
        forms=("{} Α.Ε.", "Ταβέρνα {}"),
    ),
    Culture(
        country="UA", language="en", weight=2, phone="+380445",
        first=(("Олександр", "oleksandr"), ("Марія", "mariia"), ("Тарас", "taras"), ("Ольга", "olha")),
        last=(("Шевченко", "shevchenko"), ("Коваленко", "kovalenko"), ("Бондар", "bondar")),
        cities=_cities("Київ||01001; Львів||79000"),
        streets=("вул. Хрещатик {}", "вул. Садова {}"),
        forms=("ТОВ {}", "Пекарня {}"),
    ),
)  # fmt: skip
_WEIGHTS = [one.weight for one in CULTURES]
PRIVATE_SHARE = 0.4  # of clients without a company


def cultures(random: Random, count: int) -> list[Culture]:
    return random.choices(CULTURES, _WEIGHTS, k=count)


def person(random: Random, culture: Culture) -> Person:
    first, last = random.choice(culture.first), random.choice(culture.last)
    return Person(first=first[0], last=last[0], handle=f"{first[1]}.{last[1]}")


def company(random: Random, culture: Culture, owner: Person) -> str:
    """ "" for a private person."""
    if random.random() < PRIVATE_SHARE:
        return ""
    return random.choice(culture.forms).format(owner.last)
